#include <asyncllm/impl/client/admission.hpp>

#include <asio/error_code.hpp>

#include <mutex>

namespace asyncllm::inline v0_1::client {

void Admission::wake(Ticket& ticket) noexcept
{
  if (ticket.sleeper_)
    ticket.sleeper_->wake();
}

bool Ticket::try_enter(const asio::any_io_executor& executor, std::size_t request_bytes)
{
  const std::lock_guard lock(admission_->mutex_);
  if (state_ == State::admitted)
    return true;
  if (admission_->admit(*this, request_bytes)) {
    state_ = State::admitted;
    return true;
  }
  state_ = State::waiting;
  sleeper_ = std::make_unique<http::Sleeper>(executor);
  return false;
}

asio::awaitable<Ticket::Result> Ticket::wait(TimePoint deadline)
{
  asio::error_code woken;
  if (!is_cancelled_)
    co_await sleeper_->sleep(admission_->mutex_, deadline, woken);
  const std::lock_guard lock(admission_->mutex_);
  const bool was_woken = sleeper_->is_awake();
  sleeper_.reset();
  if (admission_->is_admitted(*this)) {
    state_ = State::admitted;
    co_return Result::admitted;
  }
  admission_->give_up(*this);
  state_ = State::outside;
  co_return is_cancelled_ || was_woken || woken ? Result::cancelled : Result::expired;
}

void Ticket::cancel() noexcept
{
  const std::lock_guard lock(admission_->mutex_);
  is_cancelled_ = true;
  Admission::wake(*this);
}

void Ticket::leave(const AttemptResult& result) noexcept
{
  const std::lock_guard lock(admission_->mutex_);
  if (state_ == State::admitted)
    admission_->leave(*this, result);
  else if (state_ == State::waiting && admission_->is_admitted(*this))
    admission_->leave(*this, {});  // too late to start
  else if (state_ == State::waiting)
    admission_->give_up(*this);
  state_ = State::outside;
}

bool InFlightLimit::admit(Ticket& ticket, std::size_t)
{
  if (permits_.try_take())
    return true;
  permits_.push(ticket);
  return false;
}

bool InFlightLimit::is_admitted(Ticket& ticket)
{
  return detail::PermitQueue::take_grant(ticket);
}

void InFlightLimit::leave(Ticket&, const AttemptResult&) noexcept
{
  if (auto* const next = permits_.give_back())
    wake(*static_cast<Ticket*>(next));
}

void InFlightLimit::give_up(Ticket& ticket) noexcept
{
  permits_.leave(ticket);
}

}  // namespace asyncllm::client
