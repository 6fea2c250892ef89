// The one coroutine that drives a call: it does what the machine says, and moves the bytes.
#pragma once

#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/call_machine.hpp>
#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/client/route.hpp>
#include <asyncllm/impl/client/scratch.hpp>
#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/http/connect/loop.hpp>
#include <asyncllm/impl/http/connect/places.hpp>
#include <asyncllm/impl/http/exchange/exchange.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/options/request_options.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1 {

/// The pause before another try.
class Pause {
 public:
  /// Cancellation: `Error{cancelled}`.
  asio::awaitable<void> wait(const asio::any_io_executor& executor, RetryPolicy::Duration time);
  /// Ends a wait, and every later one, as cancellation does.
  void cancel();

 private:
  asio::steady_timer* timer_ = nullptr;  // while it waits
  bool is_cancelled_ = false;
};

/// What a call holds while it runs; what a stream holds to its end.
struct Call {
  explicit Call(provider::Delivery delivery) : machine(delivery) {}

  CallMachine machine;
  Pause pause;
  ResponseHead head;                   // of the last answer
  std::unique_ptr<http::Place> place;  // between two tries
  std::optional<Route> route;
  std::optional<http::Exchange> exchange;
};

/// A whole answer, and when its parts came.
struct Answer {
  std::string* body = nullptr;
  json::Reader* reader = nullptr;  // that may read it
  std::chrono::steady_clock::duration first_byte{}, total{};
};

/// Whether another try follows a failure, and when: asks the machine, and says it to `on_retry`.
CallMachine::Next next_after(
    Error& error,
    Call& call,
    const std::shared_ptr<const Client::State>& client,
    const RequestOptions& options,
    http::Loop& loop,
    std::chrono::steady_clock::time_point started);

/// Gives back, at the end of a call, a place that was kept for another try.
class PlaceAtEnd {
 public:
  explicit PlaceAtEnd(Call& call) : call_(call) {}
  ~PlaceAtEnd() { call_.place.reset(); }
  PlaceAtEnd(const PlaceAtEnd&) = delete;
  PlaceAtEnd& operator=(const PlaceAtEnd&) = delete;

 private:
  Call& call_;
};

/// Runs a call until its result, or until its answer streams. `began`: when the total timeout
/// began, if not just now. A `Job` says what is asked for and
/// what becomes of the answer:
///
///     Result                            of the call; void when the job keeps it
///     streams                           whether the answer may be a stream
///     Owner(job).call()                 where the call's parts are
///     options(), path(client)
///     message(lent)                     where the request is written
///     write(client, delivery, message)  the request
///     opened(call)                      the answer streams
///     decode(client, call, answer)      the result in a whole answer of success
///     explain(client, call, error)      adds to the error by which the call fails
template <class Job>
asio::awaitable<typename Job::Result> run_call(
    std::shared_ptr<const Client::State> client,
    Job job,
    std::optional<std::chrono::steady_clock::time_point> began = std::nullopt)
{
  using Next = CallMachine::Next;
  using SteadyClock = std::chrono::steady_clock;
  const auto started = began.value_or(SteadyClock::now());
  const auto executor = co_await asio::this_coro::executor;
  const auto loop = http::Loop::of(executor);
  auto& scratch = Scratch::of(*loop);
  typename Job::Owner owner(job);
  Call& call = owner.call();
  const PlaceAtEnd at_end(call);
  const auto policy = job.options().retries();
  loop->retry_budget(client, policy).add_call(policy);
  BorrowedString borrowed_message(scratch), borrowed_body(scratch);
  std::string* message = nullptr;
  Answer answer;
  for (auto next = call.machine.start();;) {
    std::optional<Error> failure;
    try {
      switch (next) {
        case Next::write:
          message = &job.message(borrowed_message);
          job.write(*client, call.machine.delivery(), *message);
          call.route.emplace(*client, job.path(*client), *message);
          next = call.machine.on_written();
          break;
        case Next::send:
          call.exchange.emplace(
              loop, executor, call.route->transport(), client->timeouts_of(job.options()), started);
          if constexpr (Job::streams)
            call.exchange->expect(http::Exchange::Body::stream);
          call.exchange->use_place(std::move(call.place));
          co_await call.exchange->send(call.route->message());
          next = call.machine.on_head(call.exchange->head());
          break;
        case Next::read_stream:
          call.head = call.exchange->head();
          job.opened(call);
          next = call.machine.on_done();
          break;
        case Next::read_whole: {
          auto& exchange = *call.exchange;
          if constexpr (Job::streams)
            exchange.expect(http::Exchange::Body::whole);
          auto& body = borrowed_body.lend();
          for (;;) {
            auto piece = exchange.buffered();
            if (piece.empty() && !exchange.is_complete())
              piece = co_await exchange.read();
            if (body.empty())
              answer.first_byte = SteadyClock::now() - started;
            if (piece.empty())
              break;
            append_bounded(body, piece, exchange.announced_length(), client->transport.limits());
          }
          answer.body = &body;
          if (call.machine.status() == 503)
            call.place = exchange.keep_place();
          call.head = exchange.finish();
          call.exchange.reset();
          next = call.machine.on_body();
          break;
        }
        case Next::follow:
          call.route->follow(call.head);
          next = call.machine.on_followed();
          break;
        case Next::decode: {
          if (!is_success(call.head))
            throw provider::error_from_answer(call.head, *answer.body);
          answer.total = SteadyClock::now() - started;
          const BorrowedReader reader(scratch);
          answer.reader = &reader.get();
          if constexpr (std::is_void_v<typename Job::Result>) {
            job.decode(*client, call, answer);
            next = call.machine.on_done();
          } else {
            co_return job.decode(*client, call, answer);
          }
          break;
        }
        case Next::wait:
          co_await call.pause.wait(executor, call.machine.pause());
          call.route.emplace(*client, job.path(*client), *message);
          next = call.machine.on_waited();
          break;
        case Next::done:
        case Next::fail: break;
      }
    } catch (const Error& error) {
      failure = error;
    } catch (const std::system_error& error) {
      if (is_cancelled(error.code()))  // between two operations
        throw Error(ErrorKind::cancelled, "the call to " + client->base_url + " was cancelled");
      throw;
    }
    if constexpr (std::is_void_v<typename Job::Result>)
      if (next == Next::done)
        co_return;
    if (!failure)
      continue;
    call.exchange.reset();  // its place is others' meanwhile
    next = next_after(*failure, call, client, job.options(), *loop, started);
    if (!call.machine.keeps_place())
      call.place.reset();
    if (next == Next::fail) {
      job.explain(*client, call, *failure);
      throw *failure;
    }
  }
}

}  // namespace asyncllm
