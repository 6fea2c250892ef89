// What a hostile server sends: inputs of every kind that can be made as long as one likes.
#pragma once

#include <asyncllm/options/limits.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace support {

/// Which part of the library reads an input.
enum class ReadBy {
  stream,      ///< the decoder of a streamed reply
  whole,       ///< that of a whole reply
  error,       ///< what makes an error of an answer, and masks the secrets in it
  embeddings,  ///< that of embeddings
  models,      ///< that of a list of models
  http,        ///< the parser of an answer, and what decodes its body
};

/// `start`, `piece(0)`, `piece(1)`... as often as one likes, `end`.
struct LongInput {
  std::string name;
  ReadBy read_by = ReadBy::stream;
  std::string provider = "openai";
  std::string start;
  std::function<std::string(std::size_t)> piece;
  std::string end;
  bool is_kept = true;  ///< false: nothing of it is kept, so that no bound ever ends it
};

const std::vector<LongInput>& long_inputs();

/// An input of about so many bytes.
std::string text_of(const LongInput& input, std::size_t bytes);

/// Reads the bytes as the client does when they come in pieces of 16 KiB. What came of it:
/// "complete", or the kind of the error.
std::string outcome_of(const LongInput& input, std::string bytes, const asyncllm::Limits& limits);

/// Limits that no input of a few megabytes reaches.
asyncllm::Limits wide_limits();

}  // namespace support
