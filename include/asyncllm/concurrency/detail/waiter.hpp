// A suspended coroutine that waits for `Results`, of whatever handler type Asio gave it.
#pragma once

#include <asio/associated_executor.hpp>
#include <asio/post.hpp>

#include <memory>
#include <utility>

namespace asyncllm::detail {

template <class... Results>
class Waiter {
 public:
  virtual ~Waiter() = default;

  /// Resumes it from the loop, never from inside the call: whoever wakes a coroutine may itself be
  /// in the middle of something that the coroutine would destroy.
  virtual void resume(Results... results) = 0;
};

template <class Handler, class... Results>
class HandlerWaiter final : public Waiter<Results...> {
 public:
  explicit HandlerWaiter(Handler&& handler) : handler_(std::move(handler)) {}

  void resume(Results... results) override
  {
    auto executor = asio::get_associated_executor(handler_);
    asio::post(
        executor, [handler = std::move(handler_), ... results = std::move(results)]() mutable {
          std::move(handler)(std::move(results)...);
        });
  }

 private:
  Handler handler_;
};

template <class... Results, class Handler>
std::unique_ptr<Waiter<Results...>> make_waiter(Handler handler)
{
  return std::make_unique<HandlerWaiter<Handler, Results...>>(std::move(handler));
}

}  // namespace asyncllm::detail
