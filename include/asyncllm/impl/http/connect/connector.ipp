#include <asyncllm/impl/http/connect/connector.hpp>
#include <asyncllm/impl/http/connect/tunnel.hpp>

#include <asio/error.hpp>
#include <asio/local/stream_protocol.hpp>

#include <cerrno>
#include <string>
#include <utility>

namespace asyncllm::inline v0_1::http {

namespace {

// The peer's name, for messages.
std::string peer_of(const Transport& transport)
{
  const auto& proxy = transport.proxy();
  return proxy ? "the proxy " + proxy->name() : transport.url().authority();
}

Error failure(ErrorKind kind, const std::string& what, const asio::error_code& why)
{
  Error error(kind, what + ": " + why.message());
  const asio::error_code of_system(ENFILE, asio::error::get_system_category());
  if (why == asio::error::no_descriptors || why == of_system)
    error.with_hint(out_of_descriptors);
  return error;
}

}  // namespace

asio::awaitable<std::unique_ptr<Connection>> Connector::run()
{
  asio::error_code error;
  auto endpoints = co_await resolve(error);
  if (is_over(error))
    co_return nullptr;
  if (error)
    throw failure(
        ErrorKind::resolve_failed, "cannot find the host of " + peer_of(transport_), error);

  attempts_.emplace(executor_);
  auto socket = co_await attempts_->run(std::move(endpoints), error);
  attempts_.reset();
  if (is_over(error))
    co_return nullptr;
  if (error)
    throw failure(ErrorKind::connect_failed, "cannot connect to " + peer_of(transport_), error);
  connection_ = std::make_unique<Connection>(std::move(*socket));

  if (transport_.proxy() && !transport_.is_forwarded()) {
    co_await open_tunnel(*transport_.proxy(), error);
    if (is_over(error))
      co_return nullptr;
  }
  if (times_)
    times_->connected = std::chrono::steady_clock::now();
  if (const auto* context = transport_.tls()) {
    co_await connection_->start_tls(*context, error);
    if (is_over(error))
      co_return nullptr;
    if (error)
      throw Error(
          ErrorKind::tls_failed,
          "no TLS with " + transport_.destination() + ": " + connection_->tls()->explain(error));
    if (times_)
      times_->secured = std::chrono::steady_clock::now();
  }
  co_return std::move(connection_);
}

asio::awaitable<Endpoints> Connector::resolve(asio::error_code& error)
{
  const auto& url = transport_.url();
  const auto& proxy = transport_.proxy();
  if (!url.unix_path.empty())
    co_return Endpoints(1, asio::local::stream_protocol::endpoint(url.unix_path));
  const auto& host = proxy ? proxy->host : url.host;
  const auto port = proxy ? proxy->port : url.port;
  if (auto known = known_endpoints(host, port))
    co_return *std::move(known);
  resolution_.emplace(executor_, service_.look_up(host, port));
  auto endpoints = co_await resolution_->run(error);
  resolution_.reset();
  co_return endpoints;
}

asio::awaitable<void> Connector::open_tunnel(const Proxy& proxy, asio::error_code& error)
{
  const auto tunnel = make_tunnel(proxy, transport_.url());
  while (!tunnel->is_open() && tunnel->failure().empty()) {
    const auto output = tunnel->output();
    for (std::string_view rest = output; !rest.empty() && !error;)
      co_await connection_->write(rest, error);
    if (!error) {
      const auto size = co_await connection_->read(error);
      connection_->add_received(size);
    }
    if (is_over(error))
      co_return;
    if (error)
      throw Error(
          ErrorKind::connect_failed,
          "the proxy " + proxy.name() + " closed the connection: " + error.message());
    const auto bytes = connection_->received();
    tunnel->input({bytes.data(), bytes.size()});
  }
  if (!tunnel->failure().empty())
    throw Error(
        ErrorKind::connect_failed,
        "the proxy " + proxy.name() + " " + tunnel->failure() + ", asked for " +
            transport_.url().authority())
        .with_retryable(tunnel->is_temporary());
}

void Connector::cancel()
{
  cancelled_ = true;
  if (resolution_)
    resolution_->cancel();
  if (attempts_)
    attempts_->cancel();
  if (connection_)
    connection_->close();
}

bool Connector::is_over(const asio::error_code& error) const
{
  return cancelled_ || error == asio::error::operation_aborted;
}

}  // namespace asyncllm::http
