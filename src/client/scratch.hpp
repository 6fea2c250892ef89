// Memory that the calls on one loop hand on to each other.
#pragma once

#include "http/loop.hpp"
#include "provider/kept_reader.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace asyncllm {

struct Scratch {
  static Scratch& of(http::Loop& loop) { return loop.kept<Scratch>(); }

  provider::KeptReader reader;
  std::vector<std::string> strings;
};

/// A string with memory that others have used before: for what a call needs for a while, the bytes
/// of its request and of the answer.
class LentString {
 public:
  explicit LentString(Scratch& scratch) : scratch_(scratch) {}
  ~LentString()
  {
    if (bytes_.capacity() < smallest || bytes_.capacity() > largest ||
        scratch_.strings.size() >= most)
      return;
    try {
      scratch_.strings.push_back(std::move(bytes_));
    } catch (...) {  // not kept then
    }
  }
  LentString(const LentString&) = delete;
  LentString& operator=(const LentString&) = delete;

  /// Takes the memory, as late as possible: thousands may wait without. Empty.
  std::string& lend()
  {
    if (bytes_.capacity() < smallest && !scratch_.strings.empty()) {
      bytes_ = std::move(scratch_.strings.back());
      scratch_.strings.pop_back();
    }
    bytes_.clear();
    return bytes_;
  }
  const std::string& bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::size_t smallest = 64, largest = 16 * 1024, most = 64;

  Scratch& scratch_;
  std::string bytes_;
};

}  // namespace asyncllm
