// One connection to the first of several addresses that accepts it (RFC 8305, "happy eyeballs").
#pragma once

#include <asyncllm/impl/http/connect/socket.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <list>
#include <memory>
#include <optional>

namespace asyncllm::inline v0_1::http {

/// The endpoints in the order to try them: IPv6 and IPv4 alternate, the family of the first address
/// first; within a family the order stays.
Endpoints interleaved(const Endpoints& endpoints);

/// Each address gets a head start over the next one, so a dead address costs no more than that.
class HappyEyeballs {
 public:
  static constexpr auto head_start = std::chrono::milliseconds(250);

  explicit HappyEyeballs(const asio::any_io_executor& executor);
  ~HappyEyeballs() { cancel(); }
  HappyEyeballs(const HappyEyeballs&) = delete;
  HappyEyeballs& operator=(const HappyEyeballs&) = delete;

  /// The socket of the first connection that was made. `error`: why the first address failed, if
  /// all did; operation_aborted when cancelled.
  asio::awaitable<std::optional<Socket>> run(Endpoints endpoints, asio::error_code& error);
  /// Ends `run` and closes what is not connected yet.
  void cancel() noexcept;

 private:
  struct State {
    explicit State(const asio::any_io_executor& executor) : wake(executor) {}
    asio::steady_timer wake;
    std::list<Socket> sockets;
    std::optional<Socket> connected;
    asio::error_code first_error;
    int pending = 0;
    bool has_news = false, cancelled = false;
  };
  static void start(const std::shared_ptr<State>& state, const Endpoint& endpoint);
  static void end(State& state, std::list<Socket>::iterator socket, const asio::error_code& error);

  std::shared_ptr<State> state_;
};

}  // namespace asyncllm::http
