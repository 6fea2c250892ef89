// The state of a stream: the request, its exchange, and the machines that read the answer.
#pragma once

#include <asyncllm/impl/client/call.hpp>
#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/client/reply_decoder.hpp>
#include <asyncllm/impl/client/turn.hpp>
#include <asyncllm/impl/provider/reply/streamed_reply.hpp>
#include <asyncllm/model/chat_request.hpp>
#include <asyncllm/options/request_options.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::client {

/// Shared by a stream and its coroutines.
struct StreamState {
  StreamState(std::shared_ptr<const ClientState> client, Question question);

  /// A piece of the body. Result: whether nothing more is to be read.
  bool take(std::string_view bytes);
  /// The body has ended. Throws `Error{incomplete}` when the reply is not complete.
  void take_end() { decoder.finish(reply); }
  /// The reply has ended. Throws `Error{incomplete}` when the server says that it is not whole.
  void complete();
  /// The stream fails with `error`, completed with what is known, now and at every next().
  void fail(Error error);
  /// The same with an exception that is not ours.
  void fail(std::exception_ptr error) noexcept;

  /// Ends the request. A pending next() throws `Error{cancelled}`, but not within this call.
  void stop();
  /// The io_context was destroyed, and with it the pending next().
  void drop() noexcept;
  /// Like `stop`; for the destruction of the last reference to the stream.
  void abandon() noexcept;

  std::shared_ptr<const ClientState> client;
  AnyRequest request;
  SharedOptions options;
  std::string message;
  Call call{provider::Delivery::streamed};
  std::chrono::steady_clock::time_point started;
  ReplyDecoder decoder;
  provider::StreamedReply reply;
  std::exception_ptr failure;
  Turn turn;  // of the one pending next()

 private:
  void close() noexcept;
};

}  // namespace asyncllm::client
