// The ways to make a model answer in the form of a type.
#pragma once

#include <asyncllm/agent/ask_options.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/reply.hpp>

#include <optional>
#include <string>

namespace asyncllm::inline v0_1::detail {

/// Asks for the form with what a request has for it.
void set_answer_form(RequestOptions& request, AnswerForm form, const std::string& json_schema);

/// `messages`, whose last one also has the schema.
Messages with_schema(const Messages& messages, const std::string& json_schema);

/// The text of the answer.
const std::string& answer_text(const Reply& reply, AnswerForm form);

/// Appends the answer, and what is wrong with it.
void add_correction(Messages& messages, const Reply& reply, const std::string& fault);

/// The form to try when the server refused `form`; nothing if `error` says something else, or there
/// is no other form.
std::optional<AnswerForm> next_form(AnswerForm form, const Error& error);

}  // namespace asyncllm::detail
