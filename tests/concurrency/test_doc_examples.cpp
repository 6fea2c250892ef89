// The examples of the doc comments and of docs/concurrency.md, compiled: every one of them stands
// here word for word, and the test at the end sees to that.
#include <asyncllm/asyncllm.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/for_each_completed.hpp>
#include <asyncllm/concurrency/progress_bar.hpp>
#include <asyncllm/concurrency/task_group.hpp>
#include <asyncllm/concurrency/wait_any.hpp>

#include "test.hpp"

#include <asio/awaitable.hpp>
#include <asio/this_coro.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <ranges>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace llm = asyncllm;
using namespace std::chrono_literals;

namespace examples {

using Names = std::vector<std::string>;
using Texts = std::vector<asio::awaitable<std::string>>;
using Replies = std::vector<asio::awaitable<llm::Reply>>;

asio::awaitable<std::string> fetch(std::string name)
{
  co_return name;
}
asio::awaitable<int> count_words(std::string text)
{
  co_return static_cast<int>(text.size());
}
asio::awaitable<int> co_main()
{
  co_return 0;
}
asio::awaitable<void> talk()
{
  co_return;
}
asio::awaitable<void> answer(std::string)
{
  co_return;
}
template <class Outcomes>
void show(const Outcomes&)
{}
auto lines_of(std::istream& file)
{
  return std::ranges::istream_view<std::string>(file);
}

struct Questions {
  asio::awaitable<std::optional<std::string>> next() { co_return std::nullopt; }
};

// ------------------------------------------------------------------------------- doc comments

void outcome(const asyncllm::Outcome<int>& outcome)
{
  if (const auto* error = outcome.error_as<asyncllm::Error>())
    std::cerr << to_string(error->kind()) << '\n';
}

asio::awaitable<void> gather_range(Names names)
{
  std::vector<asio::awaitable<std::string>> tasks;
  for (const std::string& name : names)
    tasks.push_back(fetch(name));
  std::vector<std::string> texts = co_await asyncllm::gather(std::move(tasks));
}

asio::awaitable<void> gather_pack(std::string text)
{
  auto results = co_await asyncllm::gather(count_words(text), fetch("title"));
  auto& [words, title] = results;  // two statements: some compilers get one wrong
  show(words);
  show(title);
}

asio::awaitable<void> with_timeout_in_seconds()
{
  auto title = co_await asyncllm::with_timeout(fetch("title"), std::chrono::seconds(5));
  show(title);
}

asio::awaitable<std::string> find_out()
{
  co_return "found";
}

void use_another_result()
{
  const std::string answer = asyncllm::run_or_throw(find_out());
  show(answer);
}

int what_main_does()
{
  try {
    return asyncllm::run_or_throw(co_main());
  }
  // clang-format off
  catch (const std::system_error& error) {
    if (asyncllm::is_cancelled(error.code()))
      return 130;
    throw;
  }
  // clang-format on
}

asio::awaitable<void> gather_outcomes_pack(std::string text)
{
  auto outcomes = co_await asyncllm::gather_outcomes(count_words(text), fetch("title"));
  auto& [words, title] = outcomes;
  show(words);
  show(title);
}

asio::awaitable<void> gather_outcomes(Texts tasks)
{
  auto outcomes = co_await asyncllm::gather_outcomes(std::move(tasks));
  for (const auto& outcome : outcomes)
    std::cout << (outcome ? *outcome : outcome.error_message()) << '\n';
}

asio::awaitable<void> as_completed(Names labels, Texts tasks)
{
  auto stream = asyncllm::as_completed(std::move(tasks));
  while (auto completion = co_await stream.next())
    std::cout << labels[completion->index] << ": " << *completion->result << '\n';
}

asio::awaitable<void> for_each_completed(Names labels, Texts tasks)
{
  auto show = [&](asyncllm::Completion<std::string> done) {
    std::cout << labels[done.index] << ": " << *done.result << '\n';
  };
  co_await asyncllm::for_each_completed(std::move(tasks), show);
}

asio::awaitable<void> wait_any(Texts mirrors)
{
  auto first = co_await asyncllm::wait_any(std::move(mirrors));
  std::cout << "mirror " << first.index << ": " << *first.result << '\n';
}

asio::awaitable<void> wait_any_success(Texts mirrors)
{
  auto first = co_await asyncllm::wait_any_success(std::move(mirrors));
  show(first);
}

asio::awaitable<void> batch(asyncllm::LlmAgent agent, Names questions)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  std::vector<asyncllm::Reply> replies = co_await asyncllm::batch(questions, 5, ask);
}

asio::awaitable<void> batch_outcomes(asyncllm::LlmAgent agent, Names questions)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto outcomes = co_await asyncllm::batch_outcomes(questions, 5, ask);
  show(outcomes);
}

asio::awaitable<void> batches(asyncllm::LlmAgent agent, Names questions)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto stream = asyncllm::batches(questions, 3, ask);
  while (auto outcomes = co_await stream.next())
    show(*outcomes);
}

asio::awaitable<void> for_each_limit(Names names)
{
  auto print = [](std::size_t index, asyncllm::Outcome<std::string> text) {
    std::cout << index << ": " << (text ? *text : text.error_message()) << '\n';
  };
  std::size_t count = co_await asyncllm::for_each_limit(std::move(names), 8, fetch, print);
  show(count);
}

asio::awaitable<void> progress_bar(asyncllm::LlmAgent agent, Names questions)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto options = asyncllm::BatchOptions().on_progress(asyncllm::ProgressBar("questions"));
  auto outcomes = co_await asyncllm::batch_outcomes(questions, 5, ask, options);
  show(outcomes);
}

asio::awaitable<void> semaphore()
{
  asyncllm::Semaphore connections(8);
  {
    auto permit = co_await connections.acquire();
    co_await talk();
  }  // the permit goes back here
}

asio::awaitable<void> with_semaphore(
    asyncllm::LlmAgent agent, asyncllm::Semaphore& permits, std::string question)
{
  auto reply = co_await asyncllm::with_semaphore(permits, agent.send_message_async(question));
  show(reply);
}

asio::awaitable<void> with_timeout(asyncllm::LlmAgent agent, std::string question)
{
  try {
    auto reply = co_await asyncllm::with_timeout(agent.send_message_async(question), 5s);
    std::cout << reply.text << '\n';
  } catch (const asyncllm::Error& error) {
    if (error.kind() != asyncllm::ErrorKind::timeout)
      throw;
    std::cout << "no answer within 5 s\n";
  }
}

asio::awaitable<void> with_task_group(Questions questions)
{
  auto serve = [&](asyncllm::TaskGroup& group) -> asio::awaitable<void> {
    while (auto question = co_await questions.next())
      group.spawn(answer(*question));
  };
  co_await asyncllm::with_task_group(serve);
}

asio::awaitable<void> with_task_group_errors(Questions questions)
{
  auto serve = [&](asyncllm::TaskGroup& group) -> asio::awaitable<void> {
    while (auto question = co_await questions.next())
      group.spawn(answer(*question));
  };
  std::vector<std::exception_ptr> errors;
  try {
    co_await asyncllm::with_task_group(serve, errors);
  } catch (const asyncllm::Error&) {
    std::cerr << errors.size() << " failures\n";
  }
}

void is_cancelled(const asyncllm::Outcome<int>& outcome)
{
  if (!outcome && asyncllm::is_cancelled(outcome.error()))
    return;
}

namespace with_exit_status {
int main()
{
  return asyncllm::run(co_main());  // asio::awaitable<int> co_main();
}
}  // namespace with_exit_status

// ----------------------------------------------------------------------- docs/concurrency.md

namespace plain {
int main()
{
  return llm::run(co_main());
}
}  // namespace plain

namespace throwing {
int main()
{
  try {
    return llm::run_or_throw(co_main());
  } catch (const llm::Error& error) {
    return error.kind() == llm::ErrorKind::authentication ? 77 : 1;
  }
}
}  // namespace throwing

asio::awaitable<void> page_gather(llm::LlmAgent agent, Names questions)
{
  std::vector<asio::awaitable<llm::Reply>> tasks;
  for (const std::string& question : questions)
    tasks.push_back(agent.send_message_async(question));
  auto outcomes = co_await llm::gather_outcomes(std::move(tasks));
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (outcomes[i])
      std::cout << questions[i] << ": " << outcomes[i]->text << '\n';
    else
      std::cout << questions[i] << ": ERROR - " << outcomes[i].error_message() << '\n';
  }
}

asio::awaitable<void> page_gather_two(llm::LlmAgent agent)
{
  auto replies =
      co_await llm::gather(agent.send_message_async("one"), agent.send_message_async("two"));
  auto& [first, second] = replies;
  show(first);
  show(second);
}

asio::awaitable<void> page_as_completed(Names labels, Replies tasks)
{
  auto stream = llm::as_completed(std::move(tasks));
  while (const auto done = co_await stream.next()) {
    const auto& [index, reply] = *done;
    std::cout << labels[index] << ": " << (reply ? reply->text : reply.error_message()) << '\n';
  }
}

asio::awaitable<void> page_for_each_completed(Names labels, Replies tasks)
{
  auto show = [&](llm::Completion<llm::Reply> done) {
    std::cout << labels[done.index] << ": " << done.result->text << '\n';
  };
  co_await llm::for_each_completed(std::move(tasks), show);
}

asio::awaitable<void> page_wait_any(Replies mirrors)
{
  auto first = co_await llm::wait_any_success(std::move(mirrors));
  std::cout << "mirror " << first.index << ": " << first.result->text << '\n';
}

asio::awaitable<void> page_batches(llm::LlmAgent agent, Names questions)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto stream = llm::batches(questions, 3, ask);
  while (const auto outcomes = co_await stream.next())
    show(*outcomes);
}

asio::awaitable<void> page_batch(llm::LlmAgent agent, Names questions)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto outcomes = co_await llm::batch_outcomes(questions, 5, ask);
  show(outcomes);
}

asio::awaitable<void> page_for_each_limit(llm::LlmAgent agent, std::ostream& out)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto store = [&](std::size_t index, llm::Outcome<llm::Reply> reply) {
    out << index << '\t' << (reply ? reply->text : reply.error_message()) << '\n';
  };
  std::ifstream file("questions.txt");
  std::size_t asked = co_await llm::for_each_limit(lines_of(file), 64, ask, store);
  show(asked);
}

asio::awaitable<void> page_progress(llm::LlmAgent agent, Names questions)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto options = llm::BatchOptions().on_progress([](const llm::Progress& progress) {
    std::cout << "Progress: " << progress.done << '/' << progress.total.value_or(0) << '\n';
  });
  auto outcomes = co_await llm::batch_outcomes(questions, 5, ask, options);
  show(outcomes);
}

asio::awaitable<void> page_progress_bar(llm::LlmAgent agent, Names questions)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto options = llm::BatchOptions().on_progress(llm::ProgressBar("questions"));
  auto outcomes = co_await llm::batch_outcomes(questions, 5, ask, options);
  show(outcomes);
}

asio::awaitable<void> page_semaphore(
    llm::LlmAgent agent, llm::Semaphore& permits, std::string question)
{
  llm::Reply reply = co_await llm::with_semaphore(permits, agent.send_message_async(question));
  {
    auto permit = co_await permits.acquire();
    llm::Reply draft = co_await agent.send_message_async(question);
    llm::Reply final = co_await agent.send_message_async("Improve this: " + draft.text);
    std::cout << final.text << '\n';
  }  // the permit goes back
}

asio::awaitable<void> page_timeout(llm::LlmAgent agent, std::string question)
{
  try {
    auto reply = co_await llm::with_timeout(agent.send_message_async(question), 5s);
    std::cout << reply.text << '\n';
  } catch (const llm::Error& error) {
    if (error.kind() != llm::ErrorKind::timeout)
      throw;
    std::cout << "no answer within 5 s\n";
  }
}

asio::awaitable<void> page_timeout_each(llm::LlmAgent agent, Names questions)
{
  std::vector<asio::awaitable<llm::Reply>> tasks;
  for (const std::string& question : questions)
    tasks.push_back(llm::with_timeout(agent.send_message_async(question), 5s));
  auto outcomes = co_await llm::gather_outcomes(std::move(tasks));  // some of them Error{timeout}
  show(outcomes);
}

asio::awaitable<void> page_task_group(Questions questions)
{
  auto serve = [&](llm::TaskGroup& group) -> asio::awaitable<void> {
    while (auto question = co_await questions.next())
      group.spawn(answer(*question));
  };
  co_await llm::with_task_group(serve);
}

asio::awaitable<void> page_cancellation()
{
  co_await asio::this_coro::reset_cancellation_state();
}

asio::awaitable<void> page_two_statements(llm::LlmAgent agent, Names questions)
{
  auto ask = [&](const std::string& question) { return agent.send_message_async(question); };
  auto asking = llm::batch(questions, 5, ask);
  auto replies = co_await std::move(asking);
  show(replies);
}

}  // namespace examples

// ------------------------------------------------------------------------------------ the check

namespace {

std::string stripped(const std::string& line)
{
  const auto begin = line.find_first_not_of(' ');
  return begin == std::string::npos ? "" : line.substr(begin);
}

// The lines of a file without indentation; comment marks of doc comments stay.
std::vector<std::string> lines_of(const std::filesystem::path& path)
{
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(stripped(line));
  return lines;
}

using Block = std::vector<std::string>;

// What is indented by more than a space behind "///".
std::vector<Block> examples_of_header(const std::filesystem::path& path)
{
  std::vector<Block> blocks;
  bool inside = false;
  for (const std::string& line : lines_of(path)) {
    const bool example = line.starts_with("///     ");
    if (example && !inside)
      blocks.emplace_back();
    if (example)
      blocks.back().push_back(stripped(line.substr(3)));
    inside = example;
  }
  return blocks;
}

std::vector<Block> examples_of_page(const std::filesystem::path& path)
{
  std::vector<Block> blocks;
  bool inside = false;
  for (const std::string& line : lines_of(path)) {
    if (line == "```cpp")
      blocks.emplace_back();
    else if (inside && line != "```")
      blocks.back().push_back(line);
    inside = line == "```cpp" || (inside && line != "```");
  }
  return blocks;
}

bool contains(const std::vector<std::string>& lines, const Block& block)
{
  return !std::ranges::search(lines, block).empty();
}

std::filesystem::path root()
{
  return ASYNCLLM_SOURCE_DIR;  // __FILE__ may be relative to wherever the compiler ran
}

// The functions of a header, outside of classes, whose doc comment has no example.
std::vector<std::string> functions_without_example(const std::filesystem::path& path)
{
  std::vector<std::string> found;
  std::ifstream file(path);
  bool commented = false, example = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("///")) {
      commented = true;
      example = example || line.starts_with("///     ");
      continue;
    }
    if (commented && line.starts_with("template"))
      continue;
    const bool function = line.find('(') != std::string::npos && line.find('=') > line.find('(');
    if (commented && !example && function && line.front() != ' ')
      found.push_back(path.filename().string() + ": " + line);
    commented = example = false;
  }
  return found;
}

std::string first_line_not_compiled(const std::vector<Block>& blocks)
{
  const auto here = lines_of(root() / "tests/concurrency/test_doc_examples.cpp");
  for (const Block& block : blocks)
    if (!contains(here, block))
      return block.front();
  return "";
}

}  // namespace

TEST_CASE("every example in a doc comment of the concurrency room is compiled")
{
  std::vector<Block> blocks = examples_of_header(root() / "include/asyncllm/core/outcome.hpp");
  for (const auto& entry :
       std::filesystem::directory_iterator(root() / "include/asyncllm/concurrency"))
    if (entry.is_regular_file())
      for (Block& block : examples_of_header(entry.path()))
        blocks.push_back(std::move(block));
  CHECK(blocks.size() >= 18);
  CHECK(first_line_not_compiled(blocks) == "");
}

TEST_CASE("every helper of the concurrency room has an example in its doc comment")
{
  for (const auto& entry :
       std::filesystem::directory_iterator(root() / "include/asyncllm/concurrency"))
    if (entry.is_regular_file())
      CHECK(functions_without_example(entry.path()) == std::vector<std::string>());
}

TEST_CASE("every example of docs/concurrency.md is compiled")
{
  const auto blocks = examples_of_page(root() / "docs/concurrency.md");
  CHECK(blocks.size() >= 18);
  CHECK(first_line_not_compiled(blocks) == "");
}
