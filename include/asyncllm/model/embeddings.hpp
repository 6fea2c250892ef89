// Texts as vectors.
#pragma once

#include <asyncllm/model/reply.hpp>

#include <string>
#include <vector>

namespace asyncllm::inline v0_1 {

/// One vector for each text, in the order of the texts.
struct Embeddings {
  std::vector<std::vector<float>> vectors;
  Usage usage;
  std::string model;  ///< that computed them, as the server names it, or empty
};

}  // namespace asyncllm
