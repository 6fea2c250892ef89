// A reply piece by piece, as it comes.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/export.hpp>
#include <asyncllm/model/delta.hpp>
#include <asyncllm/model/reply.hpp>

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace asyncllm::inline v0_1 {

namespace client {
struct StreamState;
}

/// One streamed reply, from `LlmAgent::stream_message` or `Client::stream`. Nothing is sent before
/// the first `next()`, and nothing is read ahead.
///
/// Result: pieces of the reply, until it is complete.
/// Throws: `Error` when the reply breaks off, after the pieces that came before it, and again at
/// every further call: the kinds that `Client` lists, with the text so far in `partial_text()`.
/// `std::logic_error` while another `next()` or `collect()` is pending, and from every function of
/// a moved-from stream.
/// Cancellation: terminal. The connection is closed, and the call throws `Error{cancelled}`.
/// Lifetimes: awaitables keep what they need, so a stream may be a temporary. Destroying a stream
/// closes its connection at once, so that the server stops. A `next()` that is pending then, or
/// starts later, throws `Error{cancelled}`; a `collect()` takes the stream over and continues to
/// the end of the reply. A stream may outlive its io_context, which may be destroyed during a
/// `next()`: then the connection is closed, and a later `next()` on another io_context throws
/// `Error{cancelled}`. A stream may be moved at any time.
/// Threads: the strand, or the thread, of the first `next()`. All functions and the destructor must
/// be called there.
///
///     auto stream = agent.stream_message("Why is the sky blue?");
///     while (const auto delta = co_await stream.next())
///       std::cout << delta->text << std::flush;
class ASYNCLLM_EXPORT ReplyStream {
 public:
  ReplyStream(ReplyStream&&) noexcept = default;
  ReplyStream& operator=(ReplyStream&&) noexcept = default;
  ~ReplyStream() = default;

  /// The next piece; nothing when the reply is complete. Does not suspend while there are pieces
  /// that were read already. The views in a piece are valid until the next call of `next()` or
  /// `try_next()`, and no longer than the stream.
  asio::awaitable<std::optional<Delta>> next() &;
  /// The first piece of a temporary stream; its connection is closed afterwards. The piece owns its
  /// texts.
  asio::awaitable<std::optional<Delta>> next() &&;

  /// A piece that was read already; nothing if there is none at the moment. Does not suspend.
  std::optional<Delta> try_next();

  /// The reply so far; the complete reply after `next()` has returned nothing.
  const Reply& reply() const;

  /// Reads all pieces that are left.
  /// Result: the complete reply.
  asio::awaitable<Reply> collect();

  /// Ends the request, if it is still running, and closes its connection. A `next()` or `collect()`
  /// that is pending in another coroutine throws `Error{cancelled}`, and `close()` waits until it
  /// has ended. A later `next()` throws `Error{cancelled}` too, unless the reply was complete.
  /// Cancellation: `close()` stops waiting and throws `Error{cancelled}`; the request ends anyway.
  asio::awaitable<void> close();

  /// A stream is not a range: each piece has to be awaited.
  template <class Never = void>
  const Delta* begin() const
  {
    static_assert(
        sizeof(Never*) == 0,
        "asyncllm: a stream is read by: while (auto delta = co_await stream.next())");
    return nullptr;
  }
  template <class Never = void>
  const Delta* end() const
  {
    return nullptr;
  }

 private:
  friend class Client;
  explicit ReplyStream(std::shared_ptr<client::StreamState> state);
  const std::shared_ptr<client::StreamState>& state() const;

  std::shared_ptr<client::StreamState> state_;
  std::shared_ptr<void> owner_;  // ends the request when the last one goes
};

}  // namespace asyncllm
