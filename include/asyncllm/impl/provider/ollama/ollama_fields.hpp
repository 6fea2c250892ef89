// What whole and streamed answers of Ollama's wire have in common: each is an object of this form.
#pragma once

#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/model/reply.hpp>

#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::provider {

/// The texts point into the reader's memory: they are valid until it reads the next object.
struct OllamaAnswer {
  std::string_view text, reasoning, model, finish_reason;
  std::vector<ToolCall> tool_calls;
  std::vector<TokenLogprob> logprobs;
  Usage usage;
  Timings timings;  ///< what the server measured
  bool is_done = false, is_error = false;
  bool is_read = false;
  bool has_content = false;  ///< there is a message, or generate's response
};

/// Replaces what `answer` held before.
void read_ollama_answer(json::Object object, const json::Reader& reader, OllamaAnswer& answer);

}  // namespace asyncllm::provider
