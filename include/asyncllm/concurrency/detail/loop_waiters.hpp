// Coroutines that only other coroutines can wake. Nothing of the loop owns them, so they are
// enlisted with the loop, which drops them when it is destroyed.
#pragma once

#include <asyncllm/concurrency/detail/list.hpp>

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include <mutex>

namespace asyncllm::detail {

class [[gnu::visibility("default")]] LoopWaiters final : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;

  class Entry {
   public:
    /// Called at the loop's end: destroys the coroutine.
    virtual void drop() noexcept = 0;

   protected:
    Entry() = default;
    virtual ~Entry()
    {
      if (!waiters_)
        return;
      const std::lock_guard lock(waiters_->mutex_);
      node_.unlink();
    }

   private:
    friend class LoopWaiters;
    struct Node : ListNode {
      explicit Node(Entry& e) noexcept : entry(e) {}
      Entry& entry;
    };
    Node node_{*this};
    LoopWaiters* waiters_ = nullptr;
  };

  explicit LoopWaiters(asio::execution_context& context) : service(context) {}

  template <class Executor>
  static LoopWaiters& of(const Executor& executor)
  {
    asio::execution_context& context = asio::query(executor, asio::execution::context);
    return asio::use_service<LoopWaiters>(context);
  }

  void add(Entry& entry)
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(entry.node_);
    entry.waiters_ = this;
  }

 private:
  void shutdown() noexcept override
  {
    while (!waiting_.empty())  // no thread runs the loop any more
      waiting_.front().entry.drop();
  }

  std::mutex mutex_;  // the coroutines may be on several strands
  List<Entry::Node> waiting_;
};

}  // namespace asyncllm::detail
