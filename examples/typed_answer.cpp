// An answer as a struct.
#include <asyncllm/asyncllm.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace llm = asyncllm;

struct Person {
  std::string name;
  int born = 0;
  std::vector<std::string> languages;
};
ASYNCLLM_DESCRIBE(Person, name, (born, "Year of birth"), languages)

asio::awaitable<int> co_main(std::string model)
{
  const auto agent = llm::LlmAgent::builder("typed", model).build();
  const auto person = co_await agent.ask_async<Person>("Who was Ada Lovelace?");
  std::cout << person.name << ", born in " << person.born << ", spoke";
  for (const auto& language : person.languages)
    std::cout << ' ' << language;
  std::cout << '\n';
  co_return 0;
}

int main(int argc, char** argv)
{
  return llm::run(co_main(argc > 1 ? argv[1] : "ollama::gemma3:latest"));
}
