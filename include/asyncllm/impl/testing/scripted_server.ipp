#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/testing/served_connection.hpp>
#include <asyncllm/impl/testing/server_state.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

#if !defined(_WIN32)
#  include <fcntl.h>
#endif

namespace asyncllm::inline v0_1::testing {
namespace {

using asio::ip::tcp;
using std::chrono::steady_clock;

constexpr int backlog = 4096;  // thousands of clients may connect at once

// So that a program that a test starts does not keep the port. Asio has no option for that.
void close_on_exec([[maybe_unused]] tcp::socket::native_handle_type descriptor)
{
#if !defined(_WIN32)
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
#endif
}

asio::awaitable<void> accept_clients(
    std::shared_ptr<ServerState> state, std::shared_ptr<tcp::acceptor> acceptor)
{
  asio::error_code ec;
  while (acceptor->is_open()) {
    const auto connection = std::make_shared<ServedConnection>(state, acceptor->get_executor());
    co_await acceptor->async_accept(
        connection->socket(), asio::redirect_error(asio::use_awaitable, ec));
    if (!ec) {
      close_on_exec(connection->socket().native_handle());
      connection->socket().set_option(tcp::no_delay(true), ec);
      connection->socket().non_blocking(true, ec);
      connection->start();
    } else if (acceptor->is_open()) {
      // Out of descriptors, most likely. The clients wait in the backlog.
      asio::steady_timer pause(acceptor->get_executor(), std::chrono::milliseconds(10));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
  }
}

asio::awaitable<bool> wait_until(
    std::shared_ptr<ServerState> state,
    std::function<bool(const ScriptedServer::Stats&)> condition,
    std::chrono::milliseconds limit)
{
  auto executor = co_await asio::this_coro::executor;
  Condition waiter(*state, std::move(condition), executor);
  const auto latest = steady_clock::now() + limit;
  while (!waiter.met() && !state->stopped && steady_clock::now() < latest) {
    asio::error_code woken;
    waiter.timer().expires_at(latest);
    co_await waiter.timer().async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_return waiter.met();
}

}  // namespace

Condition::Condition(
    ServerState& state,
    std::function<bool(const ScriptedServer::Stats&)> condition,
    const asio::any_io_executor& executor)
    : state_(state),
      condition_(std::move(condition)),
      timer_(executor),
      met_(condition_(state.stats))
{
  state_.waiters.insert(this);
}

Condition::~Condition()
{
  state_.waiters.erase(this);
}

void Condition::look()
{
  try {
    met_ = met_ || condition_(state_.stats);
  } catch (...) {
    failure_ = std::current_exception();
  }
  if (met_ || failure_)
    timer_.cancel();
}

bool Condition::met() const
{
  if (failure_)
    std::rethrow_exception(failure_);
  return met_;
}

void ServerState::changed()
{
  for (Condition* waiter : waiters)
    waiter->look();
}

ScriptedServer::ScriptedServer(asio::any_io_executor executor, Abi)
    : state_(std::make_shared<ServerState>())
{
  const auto acceptor = std::make_shared<tcp::acceptor>(executor, tcp::v4());
  close_on_exec(acceptor->native_handle());
  acceptor->bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  acceptor->listen(backlog);
  state_->url = "http://127.0.0.1:" + std::to_string(acceptor->local_endpoint().port());
  state_->acceptor = acceptor;
  asio::co_spawn(executor, accept_clients(state_, acceptor), asio::detached);
}

ScriptedServer::~ScriptedServer()
{
  stop();
}

std::string ScriptedServer::url() const
{
  return state_->url;
}

std::string ScriptedServer::spec(std::string_view provider, std::string_view model) const
{
  std::string text(provider);
  text.append("@").append(state_->url).append(provider == "ollama" ? "" : "/v1");
  return text.append("::").append(model);
}

ScriptedServer& ScriptedServer::push(Answer answer)
{
  state_->script.push(std::move(answer));
  return *this;
}

ScriptedServer& ScriptedServer::push(Fault fault)
{
  if (fault.phase() != Phase::accept && fault.phase() != Phase::request)
    throw Error(
        ErrorKind::invalid_argument, "testing::Fault: in that phase it is for Answer::fault");
  state_->faults.push_back(std::move(fault));
  return *this;
}

ScriptedServer& ScriptedServer::always(Answer answer)
{
  state_->script.always(std::move(answer));
  return *this;
}

ScriptedServer& ScriptedServer::when(Decide decide)
{
  state_->script.when(std::move(decide));
  return *this;
}

ScriptedServer& ScriptedServer::at(std::string path, Answer answer)
{
  state_->script.at(std::move(path), std::move(answer));
  return *this;
}

ScriptedServer& ScriptedServer::at(std::string path, Decide decide)
{
  state_->script.at(std::move(path), std::move(decide));
  return *this;
}

ScriptedServer& ScriptedServer::models(std::vector<std::string> names)
{
  state_->script.models(std::move(names));
  return *this;
}

ScriptedServer& ScriptedServer::record(bool on)
{
  state_->script.record(on);
  return *this;
}

ScriptedServer::Stats ScriptedServer::stats() const noexcept
{
  return state_->stats;
}

const std::vector<std::string>& ScriptedServer::bodies() const noexcept
{
  return state_->script.bodies();
}

const std::vector<ReceivedRequest>& ScriptedServer::requests() const noexcept
{
  return state_->script.requests();
}

asio::awaitable<bool> ScriptedServer::until(
    std::function<bool(const Stats&)> condition, std::chrono::milliseconds limit) const
{
  return wait_until(state_, std::move(condition), limit);
}

void ScriptedServer::stop() noexcept
{
  state_->stopped = true;
  if (const auto acceptor = state_->acceptor.lock()) {
    asio::error_code ignored;
    acceptor->close(ignored);
  }
  for (ServedConnection* connection : state_->connections)
    connection->close();
  for (Condition* waiter : state_->waiters)
    waiter->wake();
}

}  // namespace asyncllm::testing
