// Opens one connection for a transport: resolve, connect, tunnel through a proxy, TLS.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/http/connect/connection.hpp>
#include <asyncllm/impl/http/connect/context_service.hpp>
#include <asyncllm/impl/http/connect/happy_eyeballs.hpp>
#include <asyncllm/impl/http/connect/resolve.hpp>
#include <asyncllm/impl/http/connect/transport.hpp>
#include <asyncllm/impl/http/exchange/exchange_times.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string_view>

namespace asyncllm::inline v0_1::http {

/// The advice when the process has no file descriptor left, in which case the server is not to
/// blame.
inline constexpr std::string_view out_of_descriptors =
    "no file descriptors left: make fewer calls at once (batch, with_max_in_flight), or raise the "
    "limit (ulimit -n)";

class Connector {
 public:
  /// `times`: where to write when the phases end, or null.
  Connector(
      const asio::any_io_executor& executor,
      ContextService& loop,
      const Transport& transport,
      ExchangeTimes* times)
      : executor_(executor), service_(loop), transport_(transport), times_(times)
  {}

  /// Null when cancelled, by `cancel` or through its slot. Throws `Error{resolve_failed,
  /// connect_failed, tls_failed}`.
  asio::awaitable<std::unique_ptr<Connection>> run();
  void cancel();
  /// Whether the connection exists and the TLS handshake is in progress.
  bool is_handshaking() const noexcept { return connection_ && connection_->tls(); }

 private:
  asio::awaitable<Endpoints> resolve(asio::error_code& error);
  asio::awaitable<void> open_tunnel(const Proxy& proxy, asio::error_code& error);
  bool is_over(const asio::error_code& error) const;

  asio::any_io_executor executor_;
  ContextService& service_;
  const Transport& transport_;
  ExchangeTimes* const times_;
  std::optional<Resolution> resolution_;
  std::optional<HappyEyeballs> attempts_;
  std::unique_ptr<Connection> connection_;
  bool cancelled_ = false;
};

}  // namespace asyncllm::http
