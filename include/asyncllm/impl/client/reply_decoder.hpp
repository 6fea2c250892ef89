// Reads the body of a 2xx answer, which should be a stream of events and may be anything.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/stray_text.hpp>
#include <asyncllm/impl/provider/reply/delta_decoder.hpp>
#include <asyncllm/impl/provider/wire.hpp>
#include <asyncllm/impl/stream/ndjson_decoder.hpp>
#include <asyncllm/impl/stream/sse_decoder.hpp>
#include <asyncllm/model/reply.hpp>
#include <asyncllm/options/limits.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace asyncllm::inline v0_1::client {

/// The one place that judges what a piece of such a body is:
///
///   event           of the wire: it adds to the reply, or is an error
///   document        bare JSON: a whole reply, an event without its frame, or an error
///   remark          JSON that is none of these but says something, such as {"detail": "gone"}
///   words           neither JSON nor an event: a gateway's message, a page of HTML
///   nothing         a keep-alive: a comment, null, "", a ping
///
/// An error is thrown as soon as it is read. Remarks and words may be notices: they do not matter
/// to a reply that gets its finish reason, and are the error of one that does not. So nothing that
/// a server sent is dropped while success is reported.
class ReplyDecoder {
 public:
  ReplyDecoder(const provider::Wire& wire, const Limits& limits);

  /// Takes more of the body, and adds what it says to `reply`. Throws `Error`, with the text so
  /// far: what the server says, bad_response, incomplete, response_too_large.
  void feed(std::string_view bytes, provider::StreamedReply& reply);
  /// The body has ended. Throws also `Error{incomplete}` when the reply is not complete.
  void finish(provider::StreamedReply& reply);

  /// The same for a body that is there as a whole, and was announced as something else.
  void read(std::string_view body, provider::StreamedReply& reply);

  /// Whether the last `feed` had more than keep-alives.
  bool had_data() const noexcept { return had_data_; }
  /// Whether the body was of use: a piece of a reply was read.
  bool has_begun() const noexcept { return has_begun_; }
  /// Whether a break of the connection would cost no part of the reply.
  bool is_complete() const noexcept;
  /// Whether the reply is complete and the wire's own end came: nothing more is to be read.
  bool is_done() const noexcept { return is_whole_ || is_at_end_; }

 private:
  void take_line(const StreamEvent& line, provider::StreamedReply& reply);
  void take_event(const StreamEvent& event, provider::StreamedReply& reply);
  void take_stray(std::string_view line, provider::StreamedReply& reply);
  void take_document(std::string_view document, provider::StreamedReply& reply);
  bool take_whole(std::string_view document, provider::StreamedReply& reply);
  void consider(std::string_view json, const Reply& so_far);
  void conclude(const Reply& so_far, const char* what);

  const provider::Wire& wire_;
  std::variant<stream::SseDecoder, stream::NdjsonDecoder> decoder_;
  std::unique_ptr<provider::DeltaDecoder> deltas_;
  StrayText stray_;
  std::optional<Error> remark_;  // the first one
  int tried_ = 0;                // so many documents, whether they are the whole reply
  bool had_data_ = false, has_begun_ = false;
  bool is_whole_ = false;   // a document was the whole reply
  bool is_at_end_ = false;  // the wire's own end came
};

/// What a reply may grow to.
provider::ReplyBounds bounds_of(const Limits& limits) noexcept;

/// The reply in the body of a 2xx answer that should be whole, and may be a stream. Throws `Error`
/// as above.
Reply read_reply(
    const provider::Wire& wire, const Limits& limits, std::string& body, json::Reader& reader);

}  // namespace asyncllm::client
