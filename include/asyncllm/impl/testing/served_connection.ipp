#include <asyncllm/impl/testing/served_connection.hpp>

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::testing {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t enough_queued = 1 << 20;         // a client that pipelines more has to wait
constexpr auto linger_time = std::chrono::seconds(1);  // for the client to close after we did

/// A request that is being answered.
class InFlight {
 public:
  explicit InFlight(ServerState& state) : state_(state)
  {
    ++state_.stats.requests;
    ++state_.stats.in_flight;
    state_.stats.max_in_flight = std::max(state_.stats.max_in_flight, state_.stats.in_flight);
    state_.changed();
  }
  ~InFlight()
  {
    --state_.stats.in_flight;
    state_.changed();
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  ServerState& state_;
};

}  // namespace

ServedConnection::ServedConnection(
    std::shared_ptr<ServerState> state, const asio::any_io_executor& executor)
    : state_(std::move(state)), socket_(executor), writer_(executor), reader_(executor)
{}

ServedConnection::~ServedConnection()
{
  state_->connections.erase(this);
}

void ServedConnection::start()
{
  state_->connections.insert(this);
  if (!state_->faults.empty()) {
    fault_ = std::move(state_->faults.front());
    state_->faults.pop_front();
  }
  ++state_->stats.connections;
  state_->changed();
  asio::co_spawn(socket_.get_executor(), read_requests(shared_from_this()), asio::detached);
  asio::co_spawn(socket_.get_executor(), write_answers(shared_from_this()), asio::detached);
}

void ServedConnection::close() noexcept
{
  gone_ = true;
  asio::error_code ignored;
  socket_.close(ignored);
  wake();
}

void ServedConnection::reset() noexcept
{
  asio::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

void ServedConnection::wake() noexcept
{
  writer_.cancel();
  reader_.cancel();
}

asio::awaitable<void> ServedConnection::read_requests(Self self)
{
  asio::error_code ec;
  while (!self->gone_) {
    co_await self->socket_.async_wait(
        asio::ip::tcp::socket::wait_read, asio::redirect_error(asio::use_awaitable, ec));
    if (ec)
      break;
    auto& received = self->state_->received;
    const std::size_t size = self->socket_.read_some(asio::buffer(received), ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again)
      continue;
    if (ec)
      break;  // also at the end: half a connection is a client that has gone, as for real servers
    self->touched_ = true;
    self->requests_.feed(std::string_view(received.data(), size));
    self->wake();
    while (!self->gone_ && self->requests_.queued_bytes() > enough_queued) {
      self->reader_.expires_at(steady_clock::time_point::max());
      co_await self->reader_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
  }
  self->close();
}

asio::awaitable<void> ServedConnection::write_answers(Self self)
{
  bool open = co_await self->meet_fault();
  while (open && !self->gone_) {
    std::optional<Request> request = self->requests_.next();
    if (request) {
      self->wake();  // the reader: there is room again
      auto answering = self->answer(std::move(*request));
      open = co_await std::move(answering);
    } else if (self->requests_.rejection()) {
      const auto refusal = render(*self->requests_.rejection());
      co_await self->play(refusal.steps);
      open = false;
    } else if (self->requests_.wants_continue()) {
      self->requests_.continue_sent();
      const std::vector<Step> interim(
          1, Step{std::chrono::milliseconds(0), "HTTP/1.1 100 Continue\r\n\r\n"});
      open = co_await self->play(interim);
    } else {
      co_await self->doze(steady_clock::time_point::max());
    }
  }
  co_await self->linger();
  self->close();
}

asio::awaitable<bool> ServedConnection::meet_fault()
{
  if (!fault_)
    co_return true;
  while (!gone_ && !touched_ && fault_->phase() == Phase::request)
    co_await doze(steady_clock::time_point::max());
  switch (fault_->kind()) {
    case Fault::Kind::reset: reset(); break;
    case Fault::Kind::stall: co_await end(Ending::stall); break;
    case Fault::Kind::garbage: {
      const std::vector<Step> garbage(1, Step{std::chrono::milliseconds(0), fault_->bytes()});
      co_await play(garbage);
      break;
    }
    case Fault::Kind::cut:
    case Fault::Kind::drip: break;
  }
  co_return false;
}

asio::awaitable<bool> ServedConnection::answer(Request request)
{
  auto ending = Ending::close;
  {
    const InFlight counted(*state_);
    const auto playback = state_->script.play(std::move(request), std::chrono::system_clock::now());
    const bool sent = co_await play(playback.steps);
    const bool stalls = sent && playback.ending == Ending::stall;
    if (stalls)
      co_await end(Ending::stall);
    else if (sent)
      ending = playback.ending;
    if ((!sent || stalls) && !state_->stopped)
      ++state_->stats.aborted;
  }
  co_return co_await end(ending);
}

asio::awaitable<bool> ServedConnection::end(Ending ending)
{
  switch (ending) {
    case Ending::keep: co_return true;
    case Ending::close: break;
    case Ending::reset: reset(); break;
    case Ending::stall:
      while (!gone_)
        co_await doze(steady_clock::time_point::max());
      break;
    case Ending::close_upon_next:
      while (!gone_ && !requests_.next())
        co_await doze(steady_clock::time_point::max());
      break;
  }
  co_return false;
}

asio::awaitable<bool> ServedConnection::play(const std::vector<Step>& steps)
{
  auto due = steady_clock::now();
  for (const Step& step : steps) {
    due += step.delay;
    while (!gone_ && steady_clock::now() < due)
      co_await doze(due);
    if (gone_)
      co_return false;
    asio::error_code ec;
    co_await asio::async_write(
        socket_, asio::buffer(step.bytes), asio::redirect_error(asio::use_awaitable, ec));
    if (ec) {
      close();
      co_return false;
    }
  }
  co_return true;
}

asio::awaitable<void> ServedConnection::linger()
{
  // To close with bytes unread would reset the connection and take the answer from the client.
  asio::error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  const auto latest = steady_clock::now() + linger_time;
  while (!gone_ && steady_clock::now() < latest)
    co_await doze(latest);
}

asio::awaitable<void> ServedConnection::doze(steady_clock::time_point until)
{
  asio::error_code woken;
  writer_.expires_at(until);
  co_await writer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

}  // namespace asyncllm::testing
