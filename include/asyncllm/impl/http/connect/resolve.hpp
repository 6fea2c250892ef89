// Host names to addresses.
#pragma once

#include <asyncllm/impl/http/connect/mutex.hpp>
#include <asyncllm/impl/http/connect/sleeper.hpp>
#include <asyncllm/impl/http/connect/socket.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/error_code.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace asyncllm::inline v0_1::http {

/// The endpoints that need no lookup: an address itself, and both loopback addresses for
/// "localhost" (RFC 6761, 6.3).
std::optional<Endpoints> known_endpoints(const std::string& host, std::uint16_t port);

/// A lookup and the coroutines that wait for it, each on its own executor. The system's resolver
/// cannot be interrupted, so an abandoned lookup ends later by itself and touches only its own
/// state.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor) {}
  asio::ip::tcp::resolver resolver;
  Mutex mutex;  // of what follows
  bool answered = false;
  asio::error_code error;
  Endpoints endpoints;
  std::list<Sleeper> waiting;
};

/// The lookups of one io_context: one at a time for a host, however many calls need it.
class Lookups {
 public:
  /// `executor`: where results are received; any thread's.
  std::shared_ptr<Lookup> join(
      const asio::any_io_executor& executor, const std::string& host, std::uint16_t port);

 private:
  Mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<Lookup>> by_host_;
};

/// One call's part in a lookup.
class Resolution {
 public:
  Resolution(const asio::any_io_executor& executor, std::shared_ptr<Lookup> lookup);
  ~Resolution();
  Resolution(const Resolution&) = delete;
  Resolution& operator=(const Resolution&) = delete;

  asio::awaitable<Endpoints> run(asio::error_code& error);
  /// Makes `run` end with operation_aborted.
  void cancel();

 private:
  std::shared_ptr<Lookup> lookup_;
  std::list<Sleeper>::iterator sleeper_;
};

}  // namespace asyncllm::http
