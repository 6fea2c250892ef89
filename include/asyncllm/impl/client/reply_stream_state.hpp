// What a stream is made of: the request, its exchange, and the machines that read the answer.
#pragma once

#include <asyncllm/client/reply_stream.hpp>
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

namespace asyncllm::inline v0_1 {

struct ReplyStream::State {
  enum class Phase {
    unsent,  // nobody asked for a piece yet
    open,    // the answer is read as pieces are asked for
    read,    // nothing more is to be read, but pieces of it may be left
    over     // by `failure` or `other_failure`, or well
  };

  State(std::shared_ptr<const Client::State> client, AnyRequest request, SharedOptions options);

  /// A piece of the body; empty: its end, which throws `Error{incomplete}` when the reply is not
  /// complete.
  void take(std::string_view bytes);
  /// The stream ends by `error`, which gets what is known about it, now and for every next().
  void break_off(Error error);
  /// The same with an exception that is not ours: a piece may be lost, so nothing follows.
  void break_off(std::exception_ptr error) noexcept;

  void rethrow_failure() const;

  /// Ends the request. A next() under way throws `Error{cancelled}`, but not within this call.
  void stop();
  /// The io_context was destroyed, and with it the next() under way.
  void drop() noexcept;
  /// The same as `stop` when nobody has the stream any more.
  void abandon() noexcept;
  bool is_stopped() const noexcept { return is_stopped_; }
  /// What a stopped stream throws.
  Error stopped() const;

  std::shared_ptr<const Client::State> client;
  AnyRequest request;
  SharedOptions options;
  std::string message;
  Call call{provider::Delivery::streamed};
  std::chrono::steady_clock::time_point started;
  ReplyDecoder decoder;
  provider::StreamedReply reply;
  std::optional<Error> failure;      // by which it ended
  std::exception_ptr other_failure;  // the same, if it was none of ours
  Phase phase = Phase::unsent;
  Turn turn;  // of the one next() under way

 private:
  bool is_stopped_ = false;
};

}  // namespace asyncllm
