// What the coroutines of one server share. It owns no I/O object: those live in the coroutines, so
// that the loop may be destroyed before the server.
#pragma once
#include <asyncllm/impl/testing/script.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <array>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

namespace asyncllm::inline v0_1::testing {

class ServedConnection;

struct ServerState;

/// A coroutine in `ScriptedServer::until`.
class Condition {
 public:
  Condition(
      ServerState& state,
      std::function<bool(const ScriptedServer::Stats&)> condition,
      const asio::any_io_executor& executor);
  ~Condition();
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  asio::steady_timer& timer() noexcept { return timer_; }
  void look();  // at the stats, which have changed
  void wake() { timer_.cancel(); }
  bool met() const;  // throws what the condition threw

 private:
  ServerState& state_;
  std::function<bool(const ScriptedServer::Stats&)> condition_;
  asio::steady_timer timer_;
  bool met_;
  std::exception_ptr failure_;
};

struct ServerState {
  Script script;
  ScriptedServer::Stats stats;
  std::deque<Fault> faults;  // of the connections to come
  std::string url;
  bool stopped = false;
  std::weak_ptr<asio::ip::tcp::acceptor> acceptor;    // of the accepting coroutine
  std::unordered_set<ServedConnection*> connections;  // each removes itself
  std::unordered_set<Condition*> waiters;
  std::array<char, 65536> received;  // read and taken in at once, so one will do for all

  /// The stats have: wakes those whose condition holds now.
  void changed();
};

}  // namespace asyncllm::testing
