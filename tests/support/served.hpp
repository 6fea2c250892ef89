// A scripted server and the loop that it runs on, for tests that make one call after the other.
#pragma once

#include <asyncllm/client/client.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/core/outcome.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace support {

class Served {
 public:
  Served() : server(loop_.get_executor()) {}

  /// Options of a client that speaks `provider`'s API to the server.
  asyncllm::ClientOptions options(const std::string& provider) const
  {
    const bool has_version = provider != "ollama" && provider != "anthropic";
    return asyncllm::ClientOptions(provider).base_url(server.url() + (has_version ? "/v1" : ""));
  }
  asyncllm::Client client(const std::string& provider) const
  {
    auto options_of_client = options(provider);
    if (provider == "anthropic")
      options_of_client.api_key("key");
    return asyncllm::Client(std::move(options_of_client));
  }

  /// Runs the loop until `call` has ended. Result, Throws: those of the call.
  template <class Result>
  Result run(asio::awaitable<Result> call)
  {
    std::optional<asyncllm::Outcome<Result>> outcome;
    asio::co_spawn(loop_, keep(outcome, std::move(call)), asio::detached);
    while (!outcome)
      if (loop_.run_one() == 0)
        throw std::logic_error("the loop has nothing left to do, and the call has not ended");
    return std::move(*outcome).value();
  }
  /// The same, for a call that may throw an Error: that one.
  template <class Result>
  std::optional<asyncllm::Error> error_of(asio::awaitable<Result> call)
  {
    try {
      run(std::move(call));
    } catch (const asyncllm::Error& error) {
      return error;
    }
    return std::nullopt;
  }

 private:
  template <class Result>
  static asio::awaitable<void> keep(
      std::optional<asyncllm::Outcome<Result>>& outcome, asio::awaitable<Result> call)
  {
    try {
      if constexpr (std::is_void_v<Result>) {
        co_await std::move(call);
        outcome.emplace();
      } else {
        auto result = co_await std::move(call);
        outcome.emplace(std::move(result));
      }
    } catch (...) {
      outcome = asyncllm::Outcome<Result>::failure(std::current_exception());
    }
  }

  asio::io_context loop_;

 public:
  asyncllm::testing::ScriptedServer server;
};

}  // namespace support
