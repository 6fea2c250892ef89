// A run with tools as it happens.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/export.hpp>
#include <asyncllm/model/delta.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/tools/run.hpp>

#include <asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace asyncllm::inline v0_1 {

class LlmAgent;
namespace detail {
struct RunState;
}

/// What happened in a run: exactly one of the functions gives something.
class RunEvent {
 public:
  explicit RunEvent(Delta delta) : what_(std::move(delta)) {}
  explicit RunEvent(ToolCall call) : what_(std::move(call)) {}
  explicit RunEvent(ToolOutcome result) : what_(std::move(result)) {}
  explicit RunEvent(std::size_t step) : what_(step) {}

  /// A piece of a reply. Its views are valid until the next call of `next()`.
  const Delta* delta() const noexcept { return std::get_if<Delta>(&what_); }
  /// The model calls a tool; the reply is complete.
  const ToolCall* call() const noexcept { return std::get_if<ToolCall>(&what_); }
  /// A call has its result. Results come in the order in which the tools end.
  const ToolOutcome* result() const noexcept { return std::get_if<ToolOutcome>(&what_); }
  /// A step is complete: its index in `Run::steps`.
  const std::size_t* step() const noexcept { return std::get_if<std::size_t>(&what_); }

 private:
  std::variant<Delta, ToolCall, ToolOutcome, std::size_t> what_;
};

/// One run, from `LlmAgent::run_stream`. Nothing is sent before the first `next()`.
///
/// Result: what happens, until the run has ended; then `run()` says how. The tools of a step run at
/// once, during one `next()`.
/// Throws: `RunError`, and what else `LlmAgent::run_async` throws, and again at every further call.
/// `std::logic_error` while another `next()` is pending.
/// Cancellation: terminal. The connection is closed, tools are cancelled, and the call throws
/// `RunError` of kind `cancelled` when they have ended.
/// Lifetimes: a `next()` keeps what it needs. Destroying the stream between two of them closes the
/// connection.
/// Threads: the strand, or the thread, of the first `next()`.
///
///     auto stream = agent.run_stream("Shall I take an umbrella in Rome?");
///     while (const auto event = co_await stream.next()) {
///       if (const auto* delta = event->delta())
///         std::cout << delta->text << std::flush;
///       if (const auto* call = event->call())
///         std::cout << '[' << call->name << "]\n";
///     }
class ASYNCLLM_EXPORT RunStream {
 public:
  RunStream(RunStream&&) noexcept = default;
  RunStream& operator=(RunStream&&) noexcept = default;
  ~RunStream() = default;

  /// The next event; nothing when the run has ended.
  asio::awaitable<std::optional<RunEvent>> next();
  /// The run so far, and the whole run when `next()` has returned nothing.
  const Run& run() const;

 private:
  friend class LlmAgent;
  explicit RunStream(std::shared_ptr<detail::RunState> state) : state_(std::move(state)) {}

  std::shared_ptr<detail::RunState> state_;
};

}  // namespace asyncllm
