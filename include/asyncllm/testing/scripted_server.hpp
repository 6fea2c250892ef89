// A real HTTP/1.1 server on a loopback port with scripted answers, inside the user's io_context.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/version.hpp>
#include <asyncllm/testing/answer.hpp>
#include <asyncllm/testing/fault.hpp>
#include <asyncllm/testing/received_request.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::testing {

struct ServerState;

/// Speaks Ollama's wire (`/api/chat`, `/api/generate`, `/api/tags`, `/api/version`, `/`), OpenAI's
/// (every path that ends in `/chat/completions` or `/models`), Anthropic's (`.../messages`) and
/// OpenAI's Responses (`.../responses`).
///
/// A request to a model is answered by the first of these that there is: the answers pushed, the
/// function given to `when`, the answer given to `always`, an echo. Requests that a real server
/// would refuse (no JSON, no model, unknown path, wrong method) are refused as it would, and use
/// up no answer. Requests on one connection are answered in order, connections independently. A
/// client that closes its connection, or its half of it, is gone: nothing more is sent to it.
///
/// Lifetimes: all functions are called from the thread that runs the loop, or while it does not
/// run. While the server listens, the loop's `run()` does not end: `stop()` or the destructor end
/// that. They close the port and all connections at once, before, after or without any `run()`; the
/// loop may also be destroyed first.
class ScriptedServer {
 public:
  struct Stats {
    std::size_t connections = 0;    // accepted so far
    std::size_t requests = 0;       // received whole, of any path
    std::size_t in_flight = 0;      // being answered now, delays included
    std::size_t max_in_flight = 0;  // the most at once
    std::size_t aborted = 0;        // whose client went away before the answer was sent
  };
  using Decide = std::function<Answer(std::string_view path, const nlohmann::json& body)>;

  /// Listens on a free port of 127.0.0.1. Throws `std::system_error` when there is none.
  explicit ScriptedServer(asio::any_io_executor executor)
      : ScriptedServer(std::move(executor), Abi())
  {}
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  /// "http://127.0.0.1:PORT", also after `stop()`.
  std::string url() const;

  /// For `LlmAgent::builder`: "ollama@http://127.0.0.1:PORT::model"; every other provider gets
  /// the base URL ".../v1".
  std::string spec(std::string_view provider, std::string_view model) const;

  /// The answer to the next request to a model; several are used in their order, once each.
  ScriptedServer& push(Answer answer);

  /// What happens to the next connection that is made, by cut, reset, stall or garbage in one of
  /// the phases `accept` and `request`; several strike one connection each. Throws
  /// `Error{invalid_argument}` for another phase.
  ScriptedServer& push(Fault fault);

  /// The answer to requests for which none was pushed and no `when` was given. Default: an echo.
  ScriptedServer& always(Answer answer);

  /// Decides from the path (without query) and the JSON body. What it throws becomes a 500 with the
  /// exception's text.
  ScriptedServer& when(Decide decide);

  /// The answer to every request to exactly this path, of any method and with any body: for
  /// endpoints that the server does not know, or to break one that it does.
  ScriptedServer& at(std::string path, Answer answer);

  /// The same, decided for each request: the function gets the path and the body, which is null
  /// where it is no JSON. What it throws becomes a 500 with the exception's text.
  ScriptedServer& at(std::string path, Decide decide);

  /// The models to list and to know: requests for others get the wire's "model not found".
  /// Default (also with an empty list): all are known, and one named "scripted" is listed.
  ScriptedServer& models(std::vector<std::string> names);

  /// Whether requests are kept for `bodies()` and `requests()`. Default: true.
  ScriptedServer& record(bool on);

  Stats stats() const noexcept;

  /// The bodies of the requests so far, in the order in which they were taken up.
  const std::vector<std::string>& bodies() const noexcept;

  /// Their heads, in the same order.
  const std::vector<ReceivedRequest>& requests() const noexcept;

  /// Waits until `condition` holds of the stats; no change is missed. For tests that go by events:
  ///
  ///     co_await server.until([](const auto& stats) { return stats.aborted == 1; });
  ///
  /// Result: false when `limit` passed or the server stopped first. Throws what `condition` throws.
  /// Cancellation: terminal. To be awaited on the server's loop; may outlive the server.
  asio::awaitable<bool> until(
      std::function<bool(const Stats&)> condition,
      std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

  /// Closes the port and all connections; what is in flight is not counted as aborted.
  void stop() noexcept;

 private:
  ScriptedServer(asio::any_io_executor executor, Abi);

  std::shared_ptr<ServerState> state_;
};

}  // namespace asyncllm::testing
