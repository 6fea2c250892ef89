// A scripted server with a thread and a loop of its own, for programs that block.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/testing/scripted_server.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace asyncllm::inline v0_1::testing {

/// A `ScriptedServer` that serves while its owner blocks. All calls may come from any thread; a
/// change has taken effect when the call returns, and what the server has received is handed out
/// as a copy. The destructor closes all connections and joins the thread.
///
///     ServerThread server;
///     server.always(Answer::text("Hello."));
///     auto agent = LlmAgent::builder("test", server.spec("ollama", "any")).build();
///     CHECK(agent.send_message("Hi").text == "Hello.");
class ServerThread {
 public:
  using Stats = ScriptedServer::Stats;

  /// Throws `std::system_error` when no port or no thread is available.
  ServerThread() : ServerThread(Abi()) {}
  ~ServerThread();
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  std::string url() const;
  std::string spec(std::string_view provider, std::string_view model) const;

  ServerThread& push(Answer answer);
  ServerThread& always(Answer answer);
  /// `decide` runs on the server's thread.
  ServerThread& when(ScriptedServer::Decide decide);

  /// Runs `change` on the server's thread, for every other setting; rethrows what it throws.
  ServerThread& configure(const std::function<void(ScriptedServer&)>& change);

  Stats stats() const;
  std::vector<std::string> bodies() const;
  std::vector<ReceivedRequest> requests() const;

  /// Blocks until `condition`, which runs on the server's thread, holds; false when `limit` passed.
  /// Must not be called from that thread.
  bool until(
      std::function<bool(const Stats&)> condition,
      std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

 private:
  explicit ServerThread(Abi);
  void on_loop(const std::function<void(ScriptedServer&)>& work) const;

  mutable asio::io_context loop_;
  mutable ScriptedServer server_;
  std::thread thread_;
};

}  // namespace asyncllm::testing
