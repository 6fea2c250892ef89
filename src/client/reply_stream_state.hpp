// What a stream is made of: the request, its exchange, and the machines that read the answer.
#pragma once

#include <asyncllm/client/reply_stream.hpp>
#include <asyncllm/client/request_options.hpp>
#include <asyncllm/model/chat_request.hpp>
#include <asyncllm/stream/ndjson_decoder.hpp>
#include <asyncllm/stream/sse_decoder.hpp>

#include "client/client_state.hpp"
#include "client/route.hpp"
#include "http/exchange.hpp"
#include "provider/delta_decoder.hpp"
#include "provider/errors.hpp"
#include "provider/streamed_reply.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace asyncllm {

struct ReplyStream::State {
  State(std::shared_ptr<const Client::State> client, AnyRequest request, SharedOptions options);

  /// A piece of the body; empty: its end, which throws `Error{incomplete}` when the reply is not
  /// complete.
  void take(std::string_view bytes);
  /// A body that is a whole reply instead of a stream.
  void take_whole(std::string body);
  /// The stream ends by `error`, which gets what is known about it, now and for every next().
  void break_off(Error& error);

  static constexpr std::size_t longest_error = 4096;

  std::shared_ptr<const Client::State> client;
  AnyRequest request;
  SharedOptions options;
  provider::Delivery delivery = provider::Delivery::streamed;
  std::string message;
  ResponseHead head;
  std::optional<Route> route;
  std::chrono::steady_clock::time_point started;
  std::unique_ptr<http::Exchange> exchange;
  std::variant<stream::SseDecoder, stream::NdjsonDecoder> decoder;
  std::unique_ptr<provider::DeltaDecoder> deltas;
  provider::StreamedReply reply;
  std::string before_events;  // the start of a body in which no event was found yet
  int attempts = 1;
  std::optional<Error> failure;      // by which it ended
  std::exception_ptr other_failure;  // the same, if it was none of ours
  bool was_sent = false;
  bool has_events = false;
  bool is_read = false;     // the reply is complete, though not all of it was taken
  bool is_over = false;     // nothing will come any more
  bool is_pending = false;  // a next() is under way

 private:
  void take_end();
  void take_no_event();
};

}  // namespace asyncllm
