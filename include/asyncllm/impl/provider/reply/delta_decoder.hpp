// Reads the events of a streamed reply. Pure: events in, a growing reply out.
#pragma once

#include <asyncllm/impl/core/stream_event.hpp>
#include <asyncllm/impl/provider/reply/streamed_reply.hpp>

namespace asyncllm::inline v0_1::provider {

class DeltaDecoder {
 public:
  virtual ~DeltaDecoder() = default;

  /// Adds the content of `event` to `reply`. False: it is JSON, but not of this wire. Throws
  /// `Error`, with the text so far in `partial_text()`: what the server says when the event is an
  /// error, bad_response when it is not JSON.
  virtual bool feed(const StreamEvent& event, StreamedReply& reply) = 0;

  /// Whether the reply has its finish reason, or what this wire sends with it.
  virtual bool has_finish() const noexcept = 0;

  /// Whether the reply is complete so far: it has its finish reason, or the stream said that it is
  /// done. Otherwise the end of the stream means that the reply broke off.
  virtual bool is_complete() const noexcept = 0;

  /// Whether the wire's end marker was read: nothing follows.
  virtual bool is_at_end() const noexcept = 0;
};

}  // namespace asyncllm::provider
