// The coroutine that drives a call: it does what the machine says and moves the bytes.
#pragma once

#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/call_machine.hpp>
#include <asyncllm/impl/client/call_service.hpp>
#include <asyncllm/impl/client/client_state.hpp>
#include <asyncllm/impl/client/route.hpp>
#include <asyncllm/impl/client/scratch.hpp>
#include <asyncllm/impl/client/watch.hpp>
#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/http/connect/context_service.hpp>
#include <asyncllm/impl/http/exchange/exchange.hpp>
#include <asyncllm/model/embeddings.hpp>
#include <asyncllm/model/reply.hpp>
#include <asyncllm/options/request_options.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1::client {

/// The pause before another attempt.
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

/// The parts of a call while it runs, or of a stream until its end.
struct Call {
  explicit Call(provider::Delivery delivery) : machine(delivery) {}

  /// Tells the admission how the attempt ended, so that another call may start.
  void leave(const HeaderList* headers = nullptr, const Usage* usage = nullptr) noexcept
  {
    if (ticket)
      ticket->leave({machine.status(), headers, usage});
  }
  /// Ends the operation that a coroutine is waiting for.
  void cancel();

  CallMachine machine;
  Pause pause;
  ResponseHead head;                               // of the last answer that was read
  std::unique_ptr<Ticket> ticket;                  // null where every call may start
  std::unique_ptr<Watch> watch;                    // null where nobody observes
  std::unique_ptr<const RequestOptions> extended;  // the options with what before_send added
  std::optional<Route> route;
  std::optional<http::Exchange> exchange;
};

/// A whole answer, and when its parts arrived.
struct Answer {
  std::string* body = nullptr;
  json::Reader* reader = nullptr;  // that may read it
  std::chrono::steady_clock::duration first_byte{}, total{};
};

/// What a call needs to run.
struct CallContext {
  const std::shared_ptr<const ClientState>& client;
  const RequestOptions& options;
  CallService& calls;
  std::chrono::steady_clock::time_point started;
  SharedByCalls& shared;
};

/// Waits until the call may start. Throws `Error{timeout}`, `Error{cancelled}`.
asio::awaitable<void> wait_for_admission(Call& call, const CallContext& context);

/// Whether another attempt follows a failure, and when: asks the machine, and tells `on_retry`.
CallMachine::Next next_after(Error& error, Call& call, const CallContext& context);

/// Begins to watch the call, unless that was done, and lets `before_send` extend its options.
void prepare_hooks(
    Call& call, const CallContext& context, const std::function<CallInfo(Messages&)>& describe);

/// Tells the observers how an attempt failed, and what follows.
void report_failure(
    Call& call, const CallContext& context, const Error& error, CallMachine::Next next);

/// What an admission and the observers see of a result.
inline void leave_with(Call& call, const Reply& reply)
{
  call.leave(&reply.headers, &reply.usage);
  if (call.watch)
    call.watch->succeed(reply);
}
inline void leave_with(Call& call, const Embeddings& embeddings)
{
  call.leave(&call.head.headers, &embeddings.usage);
  if (call.watch)
    call.watch->succeed(embeddings);
}
inline void leave_with(Call& call, const provider::ModelPage&)
{
  call.leave(&call.head.headers);
  if (call.watch)
    call.watch->succeed();
}

/// Runs a call until its result, or until its answer streams. `began`: when the total timeout
/// began, if not just now. A `Job` describes the request and what to do with the answer:
///
///     Result                            of the call; void when the job keeps it
///     streams                           whether the answer may be a stream
///     Owner(job).call()                 where the call's parts are
///     options()
///     describe(messages)                what observers see; content goes to `messages`
///     message(borrowed)                 where the request is written
///     write(client, options, delivery, message)  the request
///     opened(call)                      the answer streams
///     decode(client, call, answer)      the result in a whole answer of success
///     explain(client, call, error)      adds to the error by which the call fails
template <class Job>
asio::awaitable<typename Job::Result> run_call(
    std::shared_ptr<const ClientState> client,
    Job job,
    std::optional<std::chrono::steady_clock::time_point> began = std::nullopt)
{
  using Next = CallMachine::Next;
  using SteadyClock = std::chrono::steady_clock;
  const auto executor = co_await asio::this_coro::executor;
  const auto service = http::ContextService::of(executor);
  auto& calls = CallService::of(*service);
  const auto policy = job.options().retries();
  const CallContext context{
      client,
      job.options(),
      calls,
      began.value_or(SteadyClock::now()),
      calls.of_client(client, policy, client->max_in_flight)};
  context.shared.budget.add_call(policy);
  typename Job::Owner owner(job);
  Call& call = owner.call();
  BorrowedString borrowed_message(calls.scratch), borrowed_body(calls.scratch);
  std::string* message = nullptr;
  Answer answer;
  for (auto next = call.machine.start();;) {
    std::optional<Error> failure;
    try {
      switch (next) {
        case Next::write:
          message = &job.message(borrowed_message);
          if (!client->observers.empty() || client->before_send) [[unlikely]]
            prepare_hooks(
                call, context, [&](Messages& content) { return job.describe(*client, content); });
          job.write(
              *client,
              call.extended ? *call.extended : job.options(),
              call.machine.delivery(),
              *message);
          next = call.machine.on_written();
          break;
        case Next::admit:
          call.route.emplace(*client, *message);
          if (call.watch)
            call.watch->begin_attempt();
          if (const auto& admission = context.shared.admission) {
            if (!call.ticket)
              call.ticket = std::make_unique<Ticket>(admission);
            if (!call.ticket->try_enter(executor, message->size()))
              co_await wait_for_admission(call, context);
          }
          if (call.watch)
            call.watch->on_admitted();
          next = call.machine.on_admitted();
          break;
        case Next::send:
          call.exchange.emplace(
              service,
              executor,
              call.route->transport(),
              client->timeouts_of(job.options()),
              context.started);
          if constexpr (Job::streams)
            call.exchange->expect(http::Exchange::Body::stream);
          if (call.watch)
            call.exchange->record(call.watch->times());
          co_await call.exchange->send(call.route->message());
          next = call.machine.on_head(call.exchange->head());
          break;
        case Next::open_stream:
          call.head = call.exchange->head();
          job.opened(call);
          next = call.machine.on_opened();
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
              answer.first_byte = SteadyClock::now() - context.started;
            if (piece.empty())
              break;
            append_bounded(body, piece, exchange.announced_length(), client->transport.limits());
          }
          answer.body = &body;
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
          if (!call.machine.has_success())
            throw client->wire.decode_error(call.head, *answer.body);
          answer.total = SteadyClock::now() - context.started;
          const BorrowedReader reader(calls.scratch);
          answer.reader = &reader.get();
          if constexpr (std::is_void_v<typename Job::Result>) {
            job.decode(*client, call, answer);
            next = call.machine.on_decoded();
          } else {
            auto result = job.decode(*client, call, answer);
            if (call.watch)
              call.watch->end_attempt(call.machine.status());
            leave_with(call, result);
            co_return result;
          }
          break;
        }
        case Next::wait:
          co_await call.pause.wait(executor, call.machine.pause());
          next = call.machine.on_waited();
          break;
        default: break;
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
    if (call.exchange && call.exchange->has_head())
      call.head = call.exchange->head();
    call.exchange.reset();
    next = next_after(*failure, call, context);
    if (call.watch)
      report_failure(call, context, *failure, next);
    if (!call.machine.stays_admitted())
      call.leave(call.machine.status() != 0 ? &call.head.headers : nullptr);
    if (next == Next::fail) {
      job.explain(*client, call, *failure);
      if constexpr (!Job::streams)  // a stream does that itself
        if (call.watch)
          call.watch->fail(*failure);
      throw *failure;
    }
  }
}

}  // namespace asyncllm::client
