// A reply as it comes, piece by piece.
#pragma once

#include <asyncllm/model/delta.hpp>
#include <asyncllm/model/reply.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace asyncllm {

/// One streamed reply, from `LlmAgent::stream_message` or `Client::stream`. Nothing is sent before
/// the first `next()`, which gives it the loop. There is no hidden queue: what nobody takes is not
/// read.
///
/// Destroying it between two calls closes the connection at once, so that the server stops; during
/// a pending `next()` that is wrong use. Movable, but not while a `next()` is pending.
class ReplyStream {
 public:
  struct State;
  explicit ReplyStream(std::unique_ptr<State> state);
  ReplyStream(ReplyStream&&) noexcept;
  ReplyStream& operator=(ReplyStream&&) noexcept;
  ~ReplyStream();

  /// The next piece; nothing when the reply is complete, and ever after. Does not suspend while
  /// pieces are there that were read already.
  ///
  /// The views in it hold until the next call of `next()` or `try_next()`.
  /// Throws `Error` when the reply broke off (behind the pieces that came before, and again at
  /// every further call), with the text so far in `partial_text()`: the kinds of `Client::chat`;
  /// `std::logic_error` while another `next()` is pending. Cancellation (terminal): closes the
  /// connection, throws `Error{cancelled}`.
  asio::awaitable<std::optional<Delta>> next();

  /// A piece that was read already, without suspending; nothing when there is none just now.
  std::optional<Delta> try_next();

  /// The reply so far; the whole of it after `next()` gave nothing.
  const Reply& reply() const noexcept;

  /// Takes all pieces that are left and gives the whole reply. Throws as `next()`.
  asio::awaitable<Reply> collect();

  /// Ends the request, if it still runs, and closes its connection. Nothing is left running then. A
  /// `next()` behind it throws `Error{cancelled}`, unless the reply was complete.
  asio::awaitable<void> close();

 private:
  std::unique_ptr<State> state_;
};

}  // namespace asyncllm
