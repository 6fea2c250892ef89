// A suspended coroutine that waits for a `Result`, of whatever handler type Asio gave it.
#pragma once

#include <asyncllm/concurrency/detail/ref.hpp>

#include <asio/associated_executor.hpp>
#include <asio/post.hpp>

#include <optional>
#include <utility>

namespace asyncllm::inline v0_1::detail {

template <class Result>
class Waiter : public RefCounted {
 public:
  /// Resumes it from the loop: the caller may be using something that the coroutine would destroy.
  /// False: no memory; nothing was done.
  virtual bool post(Result&& result) noexcept = 0;
  /// Resumes it inside the call.
  virtual void resume(Result&& result) = 0;
};

template <class Handler, class Result>
class HandlerWaiter final : public Waiter<Result> {
 public:
  explicit HandlerWaiter(Handler&& handler) : handler_(std::move(handler)) {}

  bool post(Result&& result) noexcept override
  {
    result_ = std::move(result);
    try {
      // The handler stays here, so that a failed post does not destroy it.
      asio::post(asio::get_associated_executor(handler_), [self = Ref<HandlerWaiter>(this)] {
        self->resume(*std::exchange(self->result_, std::nullopt));
      });
      return true;
    } catch (...) {
      result = *std::exchange(result_, std::nullopt);
      return false;
    }
  }

  void resume(Result&& result) override { std::move(handler_)(std::move(result)); }

 private:
  Handler handler_;
  std::optional<Result> result_;
};

template <class Result, class Handler>
Ref<Waiter<Result>> make_waiter(Handler handler)
{
  return make_ref<HandlerWaiter<Handler, Result>>(std::move(handler));
}

}  // namespace asyncllm::detail
