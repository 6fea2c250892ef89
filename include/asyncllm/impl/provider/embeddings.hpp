// Answers that hold vectors.
#pragma once

#include <asyncllm/model/embeddings.hpp>

#include <string>

namespace asyncllm::inline v0_1::provider {

/// `{"data": [{"index", "embedding"}], "model", "usage"}`, by index; a vector is an array of
/// numbers or base64 of little-endian 32-bit floats. Throws `Error`: bad_response, or what the body
/// hides.
Embeddings read_openai_embeddings(std::string& body);

/// `{"embeddings": [[...]], "model", "prompt_eval_count"}`. Throws as above.
Embeddings read_ollama_embeddings(std::string& body);

}  // namespace asyncllm::provider
