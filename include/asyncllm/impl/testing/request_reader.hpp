// Bytes in, whole HTTP/1.1 requests out. No socket.
#pragma once
#include <asyncllm/testing/received_request.hpp>

#include <llhttp.h>

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::testing {

struct Request {
  ReceivedRequest head;
  std::string body;
  bool keep_alive = true;  // the client may use the connection again; never with HTTP/1.0
  bool chunked_ok = true;  // HTTP/1.1: it understands chunks
};

/// Why a request was not understood. The connection cannot be used afterwards.
struct Rejection {
  int code = 400;
  std::string reason;
};

class RequestReader {
 public:
  explicit RequestReader(std::size_t max_head = 1 << 20, std::size_t max_body = 64 << 20);
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Takes what came in; what follows a rejection or a last request is dropped.
  void feed(std::string_view bytes);

  /// The next whole request, in the order of arrival.
  std::optional<Request> next();

  /// Set for good once something was refused; valid after the last `next()`.
  const std::optional<Rejection>& rejection() const noexcept { return rejection_; }

  /// The body of the current request waits for a "100 Continue".
  bool wants_continue() const noexcept { return wants_continue_; }
  void continue_sent() noexcept { wants_continue_ = false; }

  /// Bytes of complete requests that were not taken yet.
  std::size_t queued_bytes() const noexcept { return queued_bytes_; }

 private:
  static const llhttp_settings_t& settings();
  int on_begin();
  int on_target(std::string_view piece);
  int on_header_name(std::string_view piece);
  int on_header_value(std::string_view piece);
  int on_header_end();
  int on_head_end();
  int on_body(std::string_view piece);
  int on_end();
  int count_head(std::size_t bytes);
  int reject(int code, std::string reason);

  llhttp_t parser_{};
  std::size_t max_head_, max_body_;
  std::size_t head_bytes_ = 0;
  std::size_t queued_bytes_ = 0;
  Request current_;
  std::string name_, value_;  // of the field so far
  bool in_body_ = false;      // the head is over: header fields are trailers
  bool wants_continue_ = false;
  bool finished_ = false;
  std::deque<Request> ready_;
  std::optional<Rejection> rejection_;
};

}  // namespace asyncllm::testing
