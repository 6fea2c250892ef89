// A reply as it comes, piece by piece.
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
/// the first `next()` runs, and nothing is read ahead: what nobody asks for stays in the socket.
///
/// Lifetime. The awaitables keep what they need, so a stream may be a temporary:
///
///     const Reply reply = co_await agent.stream_message("Hi").collect();
///
/// Destroying a stream closes its connection at once, so that the server stops. A `next()` that is
/// pending then, or starts later, throws `Error{cancelled}`; a `collect()` takes the stream over
/// and goes on to the end of the reply. A stream may outlive the io_context on which it began, and
/// the io_context may be destroyed during a `next()`: the connection is closed then, and a later
/// `next()` on another io_context throws `Error{cancelled}`. Moving a stream is allowed at any
/// time. Every function of a moved-from stream throws `std::logic_error`.
///
/// Threads: one strand, or the thread of its io_context: that of the first `next()`. All functions
/// and the destructor belong there.
class ASYNCLLM_EXPORT ReplyStream {
 public:
  ReplyStream(ReplyStream&&) noexcept = default;
  ReplyStream& operator=(ReplyStream&&) noexcept = default;
  ~ReplyStream() = default;

  /// The next piece; nothing when the reply is complete, and ever after. Does not suspend while
  /// there are pieces that were read already.
  ///
  /// The views in it are valid until the next call of `next()` or `try_next()`, and no longer than
  /// the stream.
  /// Throws `Error` when the reply broke off (after the pieces that came before, and again at
  /// every further call), with the text so far in `partial_text()`: the kinds of `Client::chat`;
  /// `std::logic_error` while another `next()` or `collect()` is pending. Cancellation (terminal):
  /// closes the connection, throws `Error{cancelled}`.
  asio::awaitable<std::optional<Delta>> next() &;
  /// The first piece of a stream that nobody keeps; its connection is closed afterwards. The piece
  /// owns its texts.
  asio::awaitable<std::optional<Delta>> next() &&;

  /// A piece that was read already, without suspending; nothing when there is none just now.
  std::optional<Delta> try_next();

  /// The reply so far; the whole of it after `next()` gave nothing.
  const Reply& reply() const;

  /// Takes all pieces that are left and gives the whole reply. Throws as `next()`.
  asio::awaitable<Reply> collect();

  /// Ends the request, if it still runs, and closes its connection. A `next()` or `collect()` that
  /// is pending in another coroutine throws `Error{cancelled}`, and `close()` waits until it has
  /// ended: nothing is left running then. A later `next()` throws `Error{cancelled}` too, unless
  /// the reply was complete.
  /// Cancellation (terminal): stops waiting and throws `Error{cancelled}`; the request ends all the
  /// same.
  asio::awaitable<void> close();

  /// A stream is no range: each piece has to be awaited.
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
