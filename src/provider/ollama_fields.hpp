// What whole and streamed answers of Ollama's wire have in common: each is an object of this form.
#pragma once

#include <asyncllm/model/reply.hpp>

#include "json/reader.hpp"

namespace asyncllm::provider {

struct OllamaAnswer {
  Reply reply;  ///< its finish reason only as text
  bool is_done = false, is_error = false;
  bool has_content = false;  ///< there is a message, or generate's response
};

OllamaAnswer read_ollama_answer(json::Object object);

}  // namespace asyncllm::provider
