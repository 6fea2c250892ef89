// How a typed answer is asked for.
#pragma once

#include <asyncllm/options/request_options.hpp>

#include <optional>
#include <utility>

namespace asyncllm::inline v0_1 {

/// How the model is made to answer in the form of a type.
enum class AnswerForm {
  schema,  ///< by the server: `RequestOptions::answer_schema`
  tool,    ///< by the call of a tool that it is forced to make, whose arguments are the answer
  json,    ///< `RequestOptions::json_mode`, with the schema in the question
  prompt,  ///< by the question alone, with the schema in it
};

/// The options of `LlmAgent::ask_async`.
class AskOptions {
 public:
  /// Of each request. An `answer_schema` in it is replaced.
  AskOptions& request(RequestOptions options)
  {
    request_ = std::move(options);
    return *this;
  }
  /// How often the model may correct an answer that does not have the form. Each time it gets its
  /// answer and the error's text. Default: 1.
  AskOptions& max_reasks(int count)
  {
    max_reasks_ = count;
    return *this;
  }
  /// Default: `schema`, or `json` for a host that has no schemas. Where the server refuses the form
  /// (`bad_request` or `unsupported`, in words that name it), the next one in the order of
  /// `AnswerForm` is tried, and the agent remembers it. A form that is set here is the only one.
  AskOptions& form(AnswerForm value)
  {
    form_ = value;
    return *this;
  }
  /// Whether the question repeats the schema, with `AnswerForm::schema`. Default: for servers that
  /// do not keep to it on every model, such as Ollama.
  AskOptions& repeat_schema(bool value)
  {
    repeat_schema_ = value;
    return *this;
  }

  const RequestOptions& request() const noexcept { return request_; }
  int max_reasks() const noexcept { return max_reasks_; }
  std::optional<AnswerForm> form() const noexcept { return form_; }
  std::optional<bool> repeat_schema() const noexcept { return repeat_schema_; }

 private:
  RequestOptions request_;
  int max_reasks_ = 1;
  std::optional<AnswerForm> form_;
  std::optional<bool> repeat_schema_;
};

}  // namespace asyncllm
