// Content-Encoding: bodies that a gateway compressed although the client did not ask for it.
#pragma once

#include <asyncllm/impl/http/parse/refusal.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::http {

/// Decodes gzip and deflate (RFC 9110, 8.4.1). No request of ours has an Accept-Encoding, but some
/// gateways compress all the same; others decompress and leave the header, so a body that is plain
/// text stays as it is, whatever its coding. The error for any other coding names it.
class ContentDecoder {
 public:
  /// `coding`: the value of Content-Encoding.
  explicit ContentDecoder(std::string_view coding);
  ~ContentDecoder();
  ContentDecoder(const ContentDecoder&) = delete;
  ContentDecoder& operator=(const ContentDecoder&) = delete;

  /// Whether a body of this coding needs no decoder: "" and "identity".
  static bool is_identity(std::string_view coding) noexcept;

  /// Removes bytes from the front of `bytes` and returns the content that they hold next, at most
  /// 64 KiB at once. Empty when more bytes are needed or `refusal()` is set. Valid until the next
  /// call.
  std::span<const char> next(std::span<const char>& bytes);

  /// Whether the body may end here.
  bool is_complete() const noexcept;
  const std::optional<Refusal>& refusal() const noexcept { return refusal_; }

 private:
  enum class State { start, plain, compressed, between_members };
  struct Inflater;

  std::span<const char> begin(std::span<const char>& bytes);
  void choose();
  void next_member();
  void start_inflater(int window_bits);
  std::span<const char> inflate(std::span<const char>& bytes);
  void refuse(std::string why) { refusal_ = Refusal{std::move(why)}; }

  std::string coding_;
  State state_ = State::start;
  std::string start_;  // of the body or a member, until there is enough to tell what it is
  std::unique_ptr<Inflater> inflater_;
  bool has_more_ = false;  // content, without further bytes
  std::vector<char> output_;
  std::optional<Refusal> refusal_;
};

}  // namespace asyncllm::http
