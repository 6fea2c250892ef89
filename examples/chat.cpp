// A chat in the terminal: streaming, with history. Ctrl-C stops an answer; at the prompt it ends
// the program. /save FILE and /load FILE keep the conversation.
#include <asyncllm/asyncllm.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace llm = asyncllm;

asio::awaitable<void> answer(llm::Conversation& chat, std::string question)
{
  auto stream = chat.stream(std::move(question));
  while (const auto delta = co_await stream.next())
    std::cout << delta->text << std::flush;
}

void save(const llm::Conversation& chat, const std::string& path)
{
  if (!(std::ofstream(path) << chat.to_json() << std::flush))
    throw std::runtime_error("cannot write " + path);
}

llm::Conversation load(const llm::LlmAgent& agent, const std::string& path)
{
  if (std::ifstream file(path); file)
    return llm::Conversation::from_json(agent, std::string(std::istreambuf_iterator(file), {}));
  throw std::runtime_error("cannot read " + path);
}

int main(int argc, char** argv)
try {
  const std::string model = argc > 1 ? argv[1] : "ollama::gemma3:latest";
  const auto agent = llm::LlmAgent::builder("chat", model).build();
  llm::Conversation chat(agent);
  for (std::string line; std::cout << "\n> " << std::flush && std::getline(std::cin, line);)
    try {
      if (line.starts_with("/save "))
        save(chat, line.substr(6));
      else if (line.starts_with("/load "))
        chat = load(agent, line.substr(6));
      else if (!line.empty())
        llm::run_or_throw(answer(chat, line));  // takes Ctrl-C while it runs
    } catch (const std::exception& error) {
      std::cout << (llm::is_cancelled(std::current_exception()) ? " [stopped]" : error.what());
    }
} catch (const llm::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
