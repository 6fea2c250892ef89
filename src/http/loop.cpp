#include "http/loop.hpp"

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>

#include <algorithm>

namespace asyncllm::http {
namespace {

// Between two sweeps at the least: bounds their cost when thousands of clocks end one by one.
constexpr auto sweep_interval = std::chrono::milliseconds(5);

class LoopService : public asio::execution_context::service {
 public:
  using key_type = LoopService;
  static asio::execution_context::id id;

  explicit LoopService(asio::execution_context& context) : service(context) {}

  std::shared_ptr<Loop> loop;

 private:
  void shutdown() override
  {
    if (loop)
      loop->shut_down();
    loop.reset();
  }
};

asio::execution_context::id LoopService::id;

}  // namespace

std::shared_ptr<Loop> Loop::of(const asio::any_io_executor& executor)
{
  auto& context = asio::query(executor, asio::execution::context);
  auto& service = asio::use_service<LoopService>(context);
  if (!service.loop)
    service.loop = std::make_shared<Loop>(executor);
  return service.loop;
}

void Loop::watch(Deadlines::Entry& entry)
{
  deadlines_.add(entry);
}

void Loop::unwatch(Deadlines::Entry& entry)
{
  deadlines_.remove(entry);
  if (!deadlines_.empty() || !timer_ || is_resting_)
    return;
  // Not at once: one call is often followed by the next, and to set a timer costs a system call.
  try {
    asio::post(timer_->get_executor(), [self = shared_from_this()] { self->rest(); });
    is_resting_ = true;
  } catch (...) {  // no memory
    rest();
  }
}

void Loop::rest()
{
  is_resting_ = false;
  if (!deadlines_.empty() || !timer_)
    return;
  timer_->cancel();  // so that the user's io_context.run() ends when the work does
  armed_ = Deadlines::TimePoint::max();
}

void Loop::rearm(Deadlines::TimePoint at)
{
  if (at >= armed_ || !timer_)
    return;
  armed_ = at;
  timer_->expires_at(at);
  timer_->async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (!error)
      self->sweep();
  });
}

void Loop::sweep()
{
  const auto now = std::chrono::steady_clock::now();
  armed_ = Deadlines::TimePoint::max();
  deadlines_.expire(now);
  if (const auto next = deadlines_.earliest(); next != Deadlines::TimePoint::max())
    rearm(std::max(next, now + sweep_interval));
}

std::shared_ptr<Places> Loop::places(const void* owner, std::size_t count)
{
  if (auto known = places_[owner].lock())
    return known;
  std::erase_if(places_, [](const auto& entry) { return entry.second.expired(); });
  auto places = std::make_shared<Places>(count);
  places_[owner] = places;
  return places;
}

RetryBudget& Loop::retry_budget(const std::shared_ptr<const void>& owner, const RetryPolicy& policy)
{
  auto found = budgets_.find(owner.get());
  if (found == budgets_.end() || found->second.owner.expired()) {
    std::erase_if(budgets_, [](const auto& entry) { return entry.second.owner.expired(); });
    OwnedBudget fresh{owner, std::make_unique<RetryBudget>(policy)};
    found = budgets_.emplace(owner.get(), std::move(fresh)).first;
  }
  return *found->second.budget;
}

void Loop::shut_down() noexcept
{
  deadlines_.shut_down();
  pool.clear();
  timer_.reset();
}

}  // namespace asyncllm::http
