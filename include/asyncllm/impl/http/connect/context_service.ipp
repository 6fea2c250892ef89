#include <asyncllm/impl/http/connect/context_service.hpp>

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>

#include <algorithm>
#include <typeinfo>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::http {
namespace {

// The least time between two sweeps: bounds their cost when thousands of timeouts end one by one.
constexpr auto sweep_interval = std::chrono::milliseconds(5);

template <class Executor>
bool unwrap(asio::any_io_executor& executor)
{
  using Strand = asio::strand<Executor>;
  if (executor.target_type() != typeid(Strand))  // older versions of Asio leave this to the caller
    return false;
  const auto inner = executor.target<Strand>()->get_inner_executor();
  executor = inner;
  return true;
}

// The executor of the context itself, where `executor` is a strand on it.
asio::any_io_executor without_strand(asio::any_io_executor executor)
{
  while (unwrap<asio::any_io_executor>(executor) ||
         unwrap<asio::io_context::executor_type>(executor) ||
         unwrap<asio::thread_pool::executor_type>(executor))
    ;
  return executor;
}

class ServiceOfContext : public asio::execution_context::service {
 public:
  using key_type = ServiceOfContext;
  static asio::execution_context::id id;

  explicit ServiceOfContext(asio::execution_context& context) : service(context) {}

  const std::shared_ptr<ContextService>& loop(const asio::any_io_executor& executor)
  {
    const std::lock_guard lock(mutex_);
    if (!service_)
      service_ = std::make_shared<ContextService>(without_strand(executor));
    return service_;
  }

 private:
  void shutdown() override
  {
    if (service_)
      service_->shut_down();
    service_.reset();
  }

  Mutex mutex_;
  std::shared_ptr<ContextService> service_;
};

asio::execution_context::id ServiceOfContext::id;

}  // namespace

std::shared_ptr<ContextService> ContextService::of(const asio::any_io_executor& executor)
{
  auto& context = asio::query(executor, asio::execution::context);
  return asio::use_service<ServiceOfContext>(context).loop(executor);
}

void ContextService::watch(Deadlines::Entry& entry, const asio::any_io_executor& executor)
{
  const std::lock_guard lock(clocks_mutex_);
  deadlines_.add(entry, executor);
}

void ContextService::unwatch(Deadlines::Entry& entry) noexcept
{
  {
    const std::lock_guard lock(clocks_mutex_);
    deadlines_.remove(entry);
    if (!deadlines_.empty() || !timer_ || is_resting_)
      return;
    is_resting_ = true;
  }
  // Not at once: another call often follows, and setting a timer costs a system call.
  try {
    asio::post(executor_, [self = shared_from_this()] { self->rest(); });
  } catch (...) {  // no memory
    rest();
  }
}

void ContextService::rest()
{
  const std::lock_guard lock(clocks_mutex_);
  is_resting_ = false;
  if (!deadlines_.empty() || !timer_)
    return;
  timer_->cancel();  // so that the user's io_context.run() ends when the work does
  armed_ = Deadlines::TimePoint::max();
}

void ContextService::arm(Deadlines::TimePoint at)
{
  const std::lock_guard lock(clocks_mutex_);
  arm_locked(at);
}

void ContextService::arm_locked(Deadlines::TimePoint at)
{
  if (at >= armed_.load() || !timer_)
    return;
  timer_->expires_at(at);
  timer_->async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (!error)
      self->sweep();
  });
  armed_ = at;
}

// A thread that sets an earlier time stores it, then reads `armed_`. This stores `armed_`, then
// reads the times. So one of the two sees the other's store.
void ContextService::sweep()
{
  const auto now = std::chrono::steady_clock::now();
  std::vector<Deadlines::Due> due;
  {
    const std::lock_guard lock(clocks_mutex_);
    armed_ = Deadlines::TimePoint::max();
    deadlines_.collect(now, due);
    if (const auto next = deadlines_.earliest(); next != Deadlines::TimePoint::max())
      arm_locked(std::max(next, now + sweep_interval));
  }
  for (const auto& one : due)
    asio::post(one.executor, [self = shared_from_this(), ticket = one.ticket, now] {
      self->expire(ticket, now);
    });
}

void ContextService::expire(Deadlines::Ticket ticket, Deadlines::TimePoint now)
{
  Deadlines::Entry* entry = nullptr;
  {
    const std::lock_guard lock(clocks_mutex_);
    entry = deadlines_.take(ticket);
  }
  // It cannot leave in the meantime: this runs on the executor of its operation.
  if (entry && !entry->expire(now))
    rearm(entry->at());
}

void ContextService::shut_down() noexcept
{
  deadlines_.shut_down();
  pool.clear();
  timer_.reset();
  executor_ = nullptr;
}

}  // namespace asyncllm::http
