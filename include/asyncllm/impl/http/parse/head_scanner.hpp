// Checks the lines of a response's head before llhttp reads it.
#pragma once

#include <asyncllm/impl/http/parse/line_reader.hpp>
#include <asyncllm/impl/http/parse/refusal.hpp>
#include <asyncllm/options/limits.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace asyncllm::inline v0_1::http {

/// Finds the end of the head, enforces the limits and refuses what llhttp 8.1 accepts: lone CRs,
/// status codes of four digits, other protocols. Empty lines before the status line are skipped, as
/// llhttp does.
class HeadScanner {
 public:
  /// `limits` must outlive the scanner.
  explicit HeadScanner(const Limits& limits) : limits_(limits) {}

  /// Takes bytes up to the end of the head; the result is how many.
  std::size_t feed(std::string_view bytes);
  /// Whether the head is over.
  bool complete() const noexcept { return state_ == State::complete; }
  const std::optional<Refusal>& refusal() const noexcept { return refusal_; }

  /// For the next head of the same answer, after an interim one. The limits apply to all of them
  /// together.
  void next_head() noexcept;
  /// For the next answer.
  void reset() noexcept;

 private:
  enum class State { status_line, fields, complete };

  bool take_plain_field(std::string_view& bytes);
  void take_line(std::string_view& bytes);
  void end_line();

  const Limits& limits_;
  State state_ = State::status_line;
  LineReader line_;
  bool first_field_ = true;
  std::size_t bytes_ = 0, fields_ = 0;  // of complete lines
  std::optional<Refusal> refusal_;
};

/// Whether `line` is "HTTP/1.x", a status of three digits and, if anything, a reason.
bool is_status_line(std::string_view line) noexcept;

}  // namespace asyncllm::http
