// Which model the demos ask: the user's, an Ollama's, or a scripted server's.
#include <asyncllm/asyncllm.hpp>
#include <asyncllm/testing/scripted_server.hpp>

#include "demo.hpp"

#include <asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llm = asyncllm;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

namespace {

constexpr const char* model_name = "gemma3:latest";

struct Line {
  std::string_view question, answer;
  std::chrono::milliseconds delay;
};

constexpr Line script[] = {
    {"What is 2+2?", "4", 200ms},
    {"What is the capital of France?", "Paris", 1000ms},
    {"What color is the sky?", "Blue", 1000ms},
    {"Who wrote Romeo and Juliet?", "William Shakespeare", 1000ms},
    {"What is the speed of light?", "299,792,458 meters per second", 1000ms},
    {"What is 1+1?", "2", 200ms},
    {"Explain photosynthesis briefly", "Plants turn light, water and CO2 into sugar.", 600ms},
    {"What is the theory of relativity?", "Space and time depend on the observer.", 1000ms},
    {"What is 3+3?", "6", 600ms},  // one slow query in each batch of three
    {"What is 5+5?", "10", 200ms},
    {"What is 7+7?", "14", 200ms},
    {"What is 9+9?", "18", 600ms},
    {"What is 11+11?", "22", 200ms},
    {"What is 13+13?", "26", 600ms},
    {"What is 15+15?", "30", 200ms},
    {"Why is the sky blue?",
     "Air scatters blue light more than red light, so that it comes from everywhere above us.",
     300ms},
    {"What is Python?", "A programming language that is known for its readable code.", 200ms},
};

llm::testing::Answer answer(std::string_view /*path*/, const nlohmann::json& request)
{
  const auto& question = request.at("messages").back().at("content").get_ref<const std::string&>();
  for (const Line& line : script)
    if (line.question == question)
      return llm::testing::Answer::text(std::string(line.answer)).after(line.delay).pace(25ms);
  return llm::testing::Answer::text("That is not in my script.").after(200ms);
}

// The models of a server; nothing when it does not answer.
asio::awaitable<std::optional<std::vector<std::string>>> models_of(llm::Client server)
{
  auto models = server.models(llm::RequestOptions()
                                  .timeouts(llm::Timeouts().total(1s))
                                  .retries(llm::RetryPolicy().max_retries(0)));
  try {
    co_return co_await std::move(models);
  } catch (const llm::Error& error) {
    if (error.kind() == llm::ErrorKind::cancelled)
      throw;
    co_return std::nullopt;
  }
}

// The one that the demos were written for, else the first that is there and can chat.
std::string chosen(const std::vector<std::string>& models, const std::string& where)
{
  const auto can_chat = [](const std::string& name) { return name.find("embed") == name.npos; };
  const auto first = std::ranges::find_if(models, can_chat);
  if (std::ranges::find(models, model_name) != models.end())
    return model_name;
  if (first == models.end())
    throw std::runtime_error(
        "the Ollama at " + where + " has no model to chat with: get one with `ollama pull gemma3`");
  std::cout << "The Ollama at " << where << " has no " << model_name << ": " << *first
            << " answers. --model names another.\n";
  return *first;
}

}  // namespace

asio::awaitable<int> demo::ask_model(std::string model, Demo demo)
{
  std::optional<llm::testing::ScriptedServer> server;
  if (model.empty()) {
    const llm::Client ollama(llm::ClientOptions("ollama"));
    if (const auto models = co_await models_of(ollama)) {
      model = "ollama::" + chosen(*models, ollama.base_url());
    } else {
      std::cout << "No Ollama answers at " << ollama.base_url()
                << ": a scripted server inside this program does.\n";
      server.emplace(co_await asio::this_coro::executor);
      server->models({model_name}).when(answer);
      model = server->spec("ollama", model_name);
    }
  }
  if (!server && llm::ModelSpec::parse(model).provider == "ollama")
    std::cout << "Ollama answers one request at a time unless it was started with an "
                 "OLLAMA_NUM_PARALLEL above 1, the default.\n";
  co_return co_await demo(model);
}
