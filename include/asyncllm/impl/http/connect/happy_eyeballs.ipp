#include <asyncllm/impl/http/connect/happy_eyeballs.hpp>

#include <asio/error.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace asyncllm::inline v0_1::http {

Endpoints interleaved(const Endpoints& endpoints)
{
  Endpoints first, second, result;
  for (const auto& endpoint : endpoints) {
    const bool is_first = endpoint.protocol().family() == endpoints.front().protocol().family();
    (is_first ? first : second).push_back(endpoint);
  }
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i)
    for (const auto* family : {&first, &second})
      if (i < family->size())
        result.push_back((*family)[i]);
  return result;
}

HappyEyeballs::HappyEyeballs(const asio::any_io_executor& executor)
    : state_(std::make_shared<State>(executor))
{}

asio::awaitable<std::optional<Socket>> HappyEyeballs::run(
    Endpoints endpoints, asio::error_code& error)
{
  const auto state = state_;
  const auto ordered = interleaved(endpoints);
  auto next = ordered.begin();
  while (next != ordered.end() || state->pending > 0) {
    state->has_news = false;
    if (next != ordered.end())
      start(state, *next++);
    if (state->has_news)
      continue;  // it failed at once
    const bool is_last = next == ordered.end();
    const auto now = std::chrono::steady_clock::now();
    state->wake.expires_at(is_last ? asio::steady_timer::time_point::max() : now + head_start);
    co_await state->wake.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (state->cancelled || (error && !state->has_news)) {
      error = asio::error::operation_aborted;
      co_return std::nullopt;
    }
    error = {};
    if (state->connected)
      co_return std::move(state->connected);
  }
  error = state->first_error;
  if (!error)
    error = asio::error::host_not_found;  // there was no address to try
  co_return std::nullopt;
}

void HappyEyeballs::start(const std::shared_ptr<State>& state, const Endpoint& endpoint)
{
  auto& sockets = state->sockets;
  const auto socket = sockets.emplace(sockets.end(), state->wake.get_executor());
  ++state->pending;
  asio::error_code error;
  open_for(*socket, endpoint, error);
  if (error) {
    end(*state, socket, error);
    return;
  }
  socket->async_connect(
      endpoint, [state, socket](const asio::error_code& failure) { end(*state, socket, failure); });
}

void HappyEyeballs::end(
    State& state, std::list<Socket>::iterator socket, const asio::error_code& error)
{
  --state.pending;
  state.has_news = true;
  if (!error && !state.connected)
    state.connected = std::move(*socket);
  else if (!state.first_error)
    state.first_error = error;
  state.sockets.erase(socket);
  state.wake.cancel();
}

void HappyEyeballs::cancel() noexcept
{
  state_->cancelled = true;
  asio::error_code ignored;
  for (auto& socket : state_->sockets)
    socket.close(ignored);
  state_->connected.reset();
  state_->wake.cancel();
}

}  // namespace asyncllm::http
