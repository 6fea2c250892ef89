#include <asyncllm/impl/http/connect/places.hpp>

#include <asio/error.hpp>
#include <asio/this_coro.hpp>

#include <utility>

namespace asyncllm::inline v0_1::http {

bool Place::try_take(std::shared_ptr<Places> places)
{
  places_ = std::move(places);
  const std::lock_guard lock(places_->mutex_);
  if (places_->free_ == 0)
    return false;
  --places_->free_;
  state_ = State::in;
  return true;
}

bool Place::take_or_queue()
{
  const std::lock_guard lock(places_->mutex_);
  if (places_->free_ > 0) {
    --places_->free_;
    state_ = State::in;
    return true;
  }
  position_ = places_->queue_.insert(places_->queue_.end(), this);
  state_ = State::queued;
  return false;
}

asio::awaitable<void> Place::wait(asio::error_code& error)
{
  const auto executor = co_await asio::this_coro::executor;
  sleeper_ = std::make_unique<Sleeper>(executor);
  if (!take_or_queue())
    co_await sleeper_->sleep(places_->mutex_, error);
  const std::lock_guard lock(places_->mutex_);
  sleeper_.reset();
  error = {};
  if (state_ == State::in)
    co_return;
  leave_locked();
  error = asio::error::operation_aborted;
}

void Place::cancel()
{
  if (!sleeper_)
    return;
  const std::lock_guard lock(places_->mutex_);
  sleeper_->wake();
}

void Place::leave() noexcept
{
  if (!places_)
    return;
  const std::lock_guard lock(places_->mutex_);
  leave_locked();
}

void Place::leave_locked() noexcept
{
  auto& queue = places_->queue_;
  if (state_ == State::queued) {
    queue.erase(position_);
  } else if (state_ == State::in) {
    if (queue.empty()) {
      ++places_->free_;
    } else {
      auto* const next = queue.front();
      queue.pop_front();
      next->state_ = State::in;
      next->sleeper_->wake();
    }
  }
  state_ = State::out;
}

}  // namespace asyncllm::http
