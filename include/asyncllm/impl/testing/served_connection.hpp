// One connection of the scripted server.
#pragma once
#include <asyncllm/impl/testing/request_reader.hpp>
#include <asyncllm/impl/testing/server_state.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace asyncllm::inline v0_1::testing {

class ServedConnection : public std::enable_shared_from_this<ServedConnection> {
 public:
  ServedConnection(std::shared_ptr<ServerState> state, const asio::any_io_executor& executor);
  ~ServedConnection();
  ServedConnection(const ServedConnection&) = delete;
  ServedConnection& operator=(const ServedConnection&) = delete;

  /// To accept into.
  asio::ip::tcp::socket& socket() noexcept { return socket_; }

  /// Serves until the client or the server closes.
  void start();
  void close() noexcept;

 private:
  using Self = std::shared_ptr<ServedConnection>;
  // Two coroutines: the reader sees at once when the client goes away, whatever the writer does.
  static asio::awaitable<void> read_requests(Self self);
  static asio::awaitable<void> write_answers(Self self);
  asio::awaitable<bool> meet_fault();                          // whether the connection goes on
  asio::awaitable<bool> answer(Request request);               // the same
  asio::awaitable<bool> play(const std::vector<Step>& steps);  // whether all was sent
  asio::awaitable<bool> end(Ending ending);                    // whether the connection goes on
  asio::awaitable<void> linger();
  asio::awaitable<void> doze(std::chrono::steady_clock::time_point until);  // or until woken
  void wake() noexcept;
  void reset() noexcept;

  std::shared_ptr<ServerState> state_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer writer_;  // what the writer waits for: work, or the time of the next step
  asio::steady_timer reader_;  // what the reader waits for: room
  RequestReader requests_;
  std::optional<Fault> fault_;
  bool touched_ = false;  // by the first bytes of a request
  bool gone_ = false;
};

}  // namespace asyncllm::testing
