// Memory that the calls on one io_context hand on to each other.
#pragma once

#include "http/loop.hpp"
#include "http/spares.hpp"
#include "provider/kept_reader.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace asyncllm {

/// Safe from any thread.
struct Scratch {
  static Scratch& of(http::Loop& loop) { return loop.kept<Scratch>(); }

  http::Spares<std::string, 64> strings;
  http::Spares<provider::KeptReader, 4> readers;
};

/// A string with memory that others have used before: for what a call needs for a while, the bytes
/// of its request and of the answer.
class LentString {
 public:
  explicit LentString(Scratch& scratch) : scratch_(scratch) {}
  ~LentString()
  {
    if (bytes_ && bytes_->capacity() <= largest)
      scratch_.strings.put(std::move(bytes_));
  }
  LentString(const LentString&) = delete;
  LentString& operator=(const LentString&) = delete;

  /// Takes the memory, as late as possible: thousands may wait without. Empty.
  std::string& lend()
  {
    if (!bytes_)
      bytes_ = scratch_.strings.take();
    bytes_->clear();
    return *bytes_;
  }
  /// Once lent.
  const std::string& bytes() const noexcept { return *bytes_; }

 private:
  static constexpr std::size_t largest = 16 * 1024;

  Scratch& scratch_;
  std::unique_ptr<std::string> bytes_;
};

/// A JSON reader, while one answer is read and nothing is awaited.
class LentReader {
 public:
  explicit LentReader(Scratch& scratch) : scratch_(scratch), reader_(scratch.readers.take()) {}
  ~LentReader() { scratch_.readers.put(std::move(reader_)); }
  LentReader(const LentReader&) = delete;
  LentReader& operator=(const LentReader&) = delete;

  json::Reader& get() const noexcept { return reader_->get(); }

 private:
  Scratch& scratch_;
  std::unique_ptr<provider::KeptReader> reader_;
};

}  // namespace asyncllm
