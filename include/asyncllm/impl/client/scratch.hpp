// Memory that the calls on one io_context reuse.
#pragma once

#include <asyncllm/impl/http/connect/spares.hpp>
#include <asyncllm/impl/provider/reply/kept_reader.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace asyncllm::inline v0_1::client {

/// Safe from any thread.
struct Scratch {
  http::Spares<std::string, 64> strings;
  http::Spares<provider::KeptReader, 4> readers;
};

/// A string with reused memory, for what a call needs for a while: the bytes of its request and of
/// its answer.
class BorrowedString {
 public:
  explicit BorrowedString(Scratch& scratch) : scratch_(scratch) {}
  ~BorrowedString()
  {
    if (bytes_ && bytes_->capacity() <= largest)
      scratch_.strings.put(std::move(bytes_));
  }
  BorrowedString(const BorrowedString&) = delete;
  BorrowedString& operator=(const BorrowedString&) = delete;

  /// Takes the memory and returns it empty. Call this late: thousands may wait without.
  std::string& lend()
  {
    if (!bytes_)
      bytes_ = scratch_.strings.take();
    bytes_->clear();
    return *bytes_;
  }
  /// Only after `lend`.
  const std::string& bytes() const noexcept { return *bytes_; }

 private:
  static constexpr std::size_t largest = 16 * 1024;

  Scratch& scratch_;
  std::unique_ptr<std::string> bytes_;
};

/// A JSON reader for one answer. Do not hold it across a `co_await`.
class BorrowedReader {
 public:
  explicit BorrowedReader(Scratch& scratch) : scratch_(scratch), reader_(scratch.readers.take()) {}
  ~BorrowedReader() { scratch_.readers.put(std::move(reader_)); }
  BorrowedReader(const BorrowedReader&) = delete;
  BorrowedReader& operator=(const BorrowedReader&) = delete;

  json::Reader& get() const noexcept { return reader_->get(); }

 private:
  Scratch& scratch_;
  std::unique_ptr<provider::KeptReader> reader_;
};

}  // namespace asyncllm::client
