// Reads one HTTP/1.1 response from bytes, wherever they are cut. No sockets.
#pragma once

#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/http/parse/chunk_decoder.hpp>
#include <asyncllm/impl/http/parse/head_scanner.hpp>
#include <asyncllm/impl/http/parse/piece_of_text.hpp>
#include <asyncllm/impl/http/parse/refusal.hpp>
#include <asyncllm/options/limits.hpp>

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::http {

/// An incremental parser. Two readers must agree on a head: our scanner, for its lines and bounds,
/// and llhttp in strict mode, for its fields. Where the body ends is decided here, from the fields
/// alone (RFC 9112, 6.3). Interim responses (1xx) are skipped.
class ResponseParser {
 public:
  enum class State { head, body, complete, failed };

  explicit ResponseParser(const Limits& limits = Limits());
  ResponseParser(const ResponseParser&) = delete;  // llhttp keeps a pointer to it
  ResponseParser& operator=(const ResponseParser&) = delete;

  /// Prepares for the next response on the same connection.
  void reset();

  /// For the responses that follow. Call this before `reset`.
  void set_limits(const Limits& limits) noexcept { limits_ = limits; }

  /// Takes bytes and returns how many it used: all of them, unless the response ended before.
  /// `body()` is then what they held of the body.
  std::size_t feed(std::span<char> bytes);
  /// The peer sent its last byte. Completes a body that only the close delimits.
  void feed_end() noexcept;

  State state() const noexcept { return state_; }
  /// The body bytes of the last `feed`, moved together inside its `bytes`.
  std::span<const char> body() const noexcept { return body_; }
  /// Complete when `has_head()`, even if what follows is not HTTP.
  ResponseHead& head() noexcept { return head_; }
  bool has_head() const noexcept { return has_head_; }
  /// The length of the body as the head claims it; 0 if it does not. Do not trust it.
  std::uint64_t announced_length() const noexcept
  {
    return framing_ == Framing::length ? parser_.content_length : 0;
  }
  /// The value of Content-Encoding, "" without one. Valid as long as `head()` is unchanged.
  std::string_view content_encoding() const noexcept { return content_encoding_; }
  /// Whether the connection may carry another request. Known when complete.
  bool keep_alive() const noexcept { return keep_alive_; }
  /// What is wrong, when failed: `too_large` or not HTTP.
  const std::string& failure() const noexcept { return refusal_.why; }
  bool too_large() const noexcept { return refusal_.too_large; }

 private:
  enum class Framing { none, length, chunks, close };
  enum class Place { line_start, name, value };

  static ResponseParser& self(llhttp_t* parser)
  {
    return *static_cast<ResponseParser*>(parser->data);
  }
  static const llhttp_settings_t& callbacks();

  void begin_head();
  std::size_t read_head(std::span<char> bytes);
  Place place_after(std::string_view head) const;
  void replace_tabs(std::span<char> head);
  int on_field_complete();
  void on_head();
  void choose_framing();
  std::size_t read_body(std::span<char> bytes);
  void add_to_body(std::span<char> data);
  int refuse(Refusal refusal);

  Limits limits_;
  HeadScanner scanner_;
  llhttp_t parser_{};
  ChunkDecoder chunks_;
  State state_ = State::head;
  Framing framing_ = Framing::none;
  bool has_head_ = false, keep_alive_ = false;
  std::uint64_t left_ = 0;  // of a body of known length
  std::size_t interim_responses_ = 0;
  ResponseHead head_;
  std::string_view content_encoding_;
  PieceOfText field_, value_;
  Place place_ = Place::line_start;  // of the next byte of the head
  Refusal refusal_;
  std::span<char> body_;
};

}  // namespace asyncllm::http
