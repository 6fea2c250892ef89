#include "http/places.hpp"

#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

namespace asyncllm::http {

bool Place::try_take(std::shared_ptr<Places> places)
{
  places_ = std::move(places);
  if (places_->free_ == 0)
    return false;
  --places_->free_;
  state_ = State::in;
  return true;
}

asio::awaitable<void> Place::wait(asio::error_code& error)
{
  const auto executor = co_await asio::this_coro::executor;
  wake_ = std::make_unique<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
  position_ = places_->queue_.insert(places_->queue_.end(), this);
  state_ = State::queued;
  co_await wake_->async_wait(asio::redirect_error(asio::use_awaitable, error));
  wake_.reset();
  error = {};
  if (state_ == State::in)
    co_return;
  leave();
  error = asio::error::operation_aborted;
}

void Place::cancel()
{
  if (wake_)
    wake_->cancel();
}

void Place::leave() noexcept
{
  if (state_ == State::queued) {
    places_->queue_.erase(position_);
  } else if (state_ == State::in) {
    if (places_->queue_.empty()) {
      ++places_->free_;
    } else {
      auto* const next = places_->queue_.front();
      places_->queue_.pop_front();
      next->state_ = State::in;
      next->cancel();
    }
  }
  state_ = State::out;
}

}  // namespace asyncllm::http
