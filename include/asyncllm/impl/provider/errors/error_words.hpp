// What servers' messages mean, where their status and codes are too coarse or missing.
#pragma once

#include <asyncllm/impl/provider/errors/errors.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::provider {

/// Message, code and type of an error, in lower case, for the functions below. They are used only
/// where the status is ambiguous.
std::string words_of(const ServerError& error);

/// The prompt is longer than the model's context.
bool is_context_overflow(const ServerError& error, std::string_view words);
/// The account has no credit: waiting does not help.
bool is_out_of_quota(const ServerError& error, std::string_view words);
/// The model does not exist, or no longer.
bool is_missing_model(const ServerError& error, std::string_view words);
/// The model, or the server with it, does not support the request: tools, images, thinking.
bool is_incapable(std::string_view words);
/// A content filter stopped it.
bool is_filtered(std::string_view words);
/// Its queue is full (Ollama, which refuses calls while a model loads): there will be room later.
bool is_queue_full(std::string_view words);
/// The status that fits the words of an error without one; 500 if they do not tell.
int status_in_words(const ServerError& error, std::string_view words);
/// A failure of the server that the same request would cause again: no memory for the model, an
/// option of the wrong type.
bool is_in_vain(std::string_view words);

/// What to change in the request, where the message names an option that the model refuses; else
/// "".
std::string_view advice_in(std::string_view words);

/// How long to wait, if only the message says it: "try again in 1m2.5s", "retry after 20 seconds".
std::optional<std::chrono::milliseconds> wait_in_words(std::string_view words);

}  // namespace asyncllm::provider
