// Watches the calls of clients.
#pragma once

#include <asyncllm/observe/call_info.hpp>

#include <atomic>
#include <cstdint>

namespace asyncllm::inline v0_1 {

/// Gets the events of each call, in this order: `call_started`, then for each attempt
/// `attempt_ended`, `first_token` within the last one if the reply is streamed, `call_ended`.
/// Each call that started ends, whatever becomes of it.
///
/// Without an observer a call does nothing for it. The functions are called on the executor of the
/// call: they must not block. What they throw is counted (`failures`) and goes no further.
///
/// Lifetimes: a client keeps its observers. Threads: if the clients that share an observer are used
/// from several threads, so is the observer; those of this library may be.
///
///     class Slow : public llm::Observer {
///       void call_ended(const llm::CallInfo& call, const llm::CallEnd& end) override
///       {
///         if (end.ended - call.started > std::chrono::seconds(10))
///           std::cerr << call.model << " is slow\n";
///       }
///     };
///     agent = LlmAgent::builder("a", spec).with_observer(std::make_shared<Slow>()).build();
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  virtual void call_started(const CallInfo&) {}
  virtual void attempt_ended(const CallInfo&, const AttemptInfo&) {}
  virtual void first_token(const CallInfo&, CallInfo::TimePoint) {}
  virtual void call_ended(const CallInfo&, const CallEnd&) {}
  virtual void tool_ran(const ToolInfo&) {}
  /// Whether messages, replies, arguments and results are shown to it.
  virtual bool wants_content() const { return false; }

  /// How often one of the functions above threw.
  std::uint64_t failures() const noexcept { return failures_.load(std::memory_order_relaxed); }

  /// For the library: an id for the next call, and the count of failures.
  std::uint64_t next_id() noexcept { return ++last_id_; }
  void count_failure() noexcept { ++failures_; }

 private:
  std::atomic<std::uint64_t> last_id_{0}, failures_{0};
};

}  // namespace asyncllm
