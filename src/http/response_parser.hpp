// Reads one HTTP/1.1 response from bytes, wherever they are cut. No sockets.
#pragma once

#include <asyncllm/core/response_head.hpp>

#include <llhttp.h>

#include <cstddef>
#include <span>
#include <string>

namespace asyncllm::http {

/// An incremental parser on llhttp in strict mode, with our own checks where Debian 12's llhttp
/// lets something through (reliability: Transfer-Encoding must be exactly "chunked").
/// Interim responses (1xx) are skipped.
class ResponseParser {
 public:
  enum class State { head, body, complete, failed };

  ResponseParser();
  ResponseParser(const ResponseParser&) = delete;  // llhttp keeps a pointer to it
  ResponseParser& operator=(const ResponseParser&) = delete;

  /// Makes ready for the next response on the same connection.
  void reset();

  /// Takes bytes and returns how many it used: all of them, unless the response ended before.
  /// `body()` is then what they held of the body.
  std::size_t feed(std::span<char> bytes);
  /// Says that the peer sent its last byte. Completes a body that only the close delimits.
  void feed_end();

  State state() const noexcept { return state_; }
  /// The body bytes of the last `feed`, moved together at the front of its `bytes`.
  std::span<const char> body() const noexcept { return {body_begin_, body_size_}; }
  /// Whole as soon as the state is no longer `head`.
  ResponseHead& head() noexcept { return head_; }
  /// Whether the connection may carry another request. Known when complete.
  bool keep_alive() const noexcept { return keep_alive_; }
  /// What is wrong, when failed: `too_large` or not HTTP.
  const std::string& failure() const noexcept { return failure_; }
  bool too_large() const noexcept { return too_large_; }

  static constexpr std::size_t max_head_bytes = 256 * 1024;
  static constexpr int max_interim_responses = 32;

 private:
  static ResponseParser& self(llhttp_t* parser)
  {
    return *static_cast<ResponseParser*>(parser->data);
  }
  static const llhttp_settings_t& callbacks();

  int add_to_head(std::string& part, const char* at, std::size_t size);
  int on_field_complete();
  int on_headers_complete();
  int on_message_complete();
  int fail(std::string why);

  llhttp_t parser_{};
  State state_ = State::head;
  ResponseHead head_;
  std::string field_, value_, failure_;
  std::size_t head_bytes_ = 0;
  int interim_responses_ = 0;
  bool keep_alive_ = false, too_large_ = false;
  char* body_begin_ = nullptr;
  std::size_t body_size_ = 0;
};

}  // namespace asyncllm::http
