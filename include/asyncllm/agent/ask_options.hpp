// How a typed answer is asked for.
#pragma once

#include <asyncllm/options/request_options.hpp>

#include <optional>
#include <utility>

namespace asyncllm::inline v0_1 {

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
  /// Whether the question repeats the schema, for servers that do not force it on every model.
  /// Default: for Ollama only.
  AskOptions& repeat_schema(bool value)
  {
    repeat_schema_ = value;
    return *this;
  }

  const RequestOptions& request() const noexcept { return request_; }
  int max_reasks() const noexcept { return max_reasks_; }
  std::optional<bool> repeat_schema() const noexcept { return repeat_schema_; }

 private:
  RequestOptions request_;
  int max_reasks_ = 1;
  std::optional<bool> repeat_schema_;
};

}  // namespace asyncllm
