// Which answer a request gets: routes, checks, and what the test's author has scripted. No socket.
#pragma once
#include <asyncllm/impl/testing/renderer.hpp>
#include <asyncllm/impl/testing/request_reader.hpp>
#include <asyncllm/testing/answer.hpp>
#include <asyncllm/testing/received_request.hpp>

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::testing {

class Script {
 public:
  using Decide = std::function<Answer(std::string_view path, const nlohmann::json& body)>;

  void push(Answer answer);
  void always(Answer answer);
  void when(Decide decide);
  void at(std::string path, Answer answer);
  void at(std::string path, Decide decide);
  void models(std::vector<std::string> names);
  void record(bool on);

  /// Takes up a request: records it and says what to send, and when.
  Playback play(Request request, std::chrono::system_clock::time_point now);

  const std::vector<std::string>& bodies() const noexcept { return bodies_; }
  const std::vector<ReceivedRequest>& requests() const noexcept { return requests_; }

 private:
  struct Reaction {  // an answer and how to word it
    Answer answer;
    const ApiFormat& format;
    Call call;
  };
  Reaction react(const Request& request);
  Reaction react_to_call(const ApiFormat& format, std::string_view path, const std::string& body);
  bool knows(const ApiFormat& format, std::string_view model) const;
  Answer choose(std::string_view path, const nlohmann::json& body);
  static Answer decided(
      std::shared_ptr<const Decide> decide, std::string_view path, const nlohmann::json& body);

  std::deque<Answer> pushed_;
  std::shared_ptr<const Decide> decide_;  // shared: it may replace itself while it runs
  Answer otherwise_ = Answer::echo();
  std::map<std::string, std::shared_ptr<const Decide>, std::less<>> at_;
  std::vector<std::string> models_;
  bool recording_ = true;
  std::size_t taken_up_ = 0;
  std::vector<std::string> bodies_;
  std::vector<ReceivedRequest> requests_;
};

}  // namespace asyncllm::testing
