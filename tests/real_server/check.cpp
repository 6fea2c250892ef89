// Asks a real server and prints what came of it, for run.sh to compare.
//   check ask SPEC QUESTION [KEY]   one question: "text: ..." or "error: KIND: ..."
//   check five SPEC                 five questions at once: fails if they were answered in turn
#include <asyncllm/asyncllm.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

namespace llm = asyncllm;

namespace {

llm::LlmAgent make_agent(const std::string& spec, const std::string& key)
{
  auto builder = llm::LlmAgent::builder("check", spec);
  builder.with_max_tokens(60);
  if (!key.empty())
    builder.with_api_key(key);
  return builder.build();
}

double seconds_since(std::chrono::steady_clock::time_point start)
{
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

asio::awaitable<int> ask(std::string spec, std::string question, std::string key)
{
  try {
    const auto agent = make_agent(spec, key);
    const llm::Reply reply = co_await agent.send_message_async(question);
    std::cout << "text: " << reply << '\n';
  } catch (const llm::Error& error) {
    std::cout << "error: " << to_string(error.kind()) << ": " << error.what() << '\n';
  }
  co_return 0;
}

asio::awaitable<int> five(std::string spec)
{
  const auto agent = make_agent(spec, "");
  const std::string question = "Sing.";
  (void)co_await agent.send_message_async(question);  // the server loads the model

  auto start = std::chrono::steady_clock::now();
  (void)co_await agent.send_message_async(question);
  const double one = seconds_since(start);

  std::vector<asio::awaitable<llm::Reply>> tasks;
  for (int i = 0; i < 5; ++i)
    tasks.push_back(agent.send_message_async(question));
  double first = 0;
  start = std::chrono::steady_clock::now();
  auto completed = llm::as_completed(std::move(tasks));
  while (const auto done = co_await completed.next()) {
    (void)done->result.value();
    if (first == 0)
      first = seconds_since(start);
  }
  const double last = seconds_since(start);

  start = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i)
    (void)co_await agent.send_message_async(question);
  const double in_turn = seconds_since(start);

  std::cout << "one " << one << " s, five at once " << last << " s (the first after " << first
            << " s), five in turn " << in_turn << " s\n";
  // How much faster five at once are is the server's business; that it has them all at the same
  // time is ours: then they end together, not one after the other.
  co_return first > last / 2 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 3 && words[0] == "ask")
    return llm::run(ask(words[1], words[2], words.size() > 3 ? words[3] : ""));
  if (words.size() == 2 && words[0] == "five")
    return llm::run(five(words[1]));
  std::cerr << "usage: check ask SPEC QUESTION [KEY] | check five SPEC\n";
  return 2;
}
