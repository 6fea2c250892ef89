// The demos, and what they share: headings, times, and the way from main() to a model.
#pragma once

#include <asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <string_view>

/// Each in the file of its name. `model` is a spec such as "ollama::gemma3:latest". They give the
/// number of queries that should have been answered and were not.
asio::awaitable<int> concurrent_gather(std::string model);
asio::awaitable<int> as_completed(std::string model);
asio::awaitable<int> batch_processing(std::string model);
asio::awaitable<int> error_handling(std::string model);
asio::awaitable<int> stream_tokens(std::string model);
asio::awaitable<int> async_llm_demo(std::string model);  // the first four

namespace demo {

using Demo = asio::awaitable<int> (*)(std::string model);

/// Reads the options, chooses a model and runs the demo. Result: the program's exit code.
int run(int argc, char** argv, Demo demo);

/// Asks `model`. If it is empty: gemma3:latest of an Ollama that answers, else a scripted server
/// inside this program.
asio::awaitable<int> ask_model(std::string model, Demo demo);

void heading(std::string_view text);

using Duration = std::chrono::steady_clock::duration;

/// "1.23s"
std::string seconds(Duration duration);

class Stopwatch {
 public:
  Duration elapsed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace demo
