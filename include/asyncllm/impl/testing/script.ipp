#include <asyncllm/impl/testing/script.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace asyncllm::inline v0_1::testing {
namespace {

using nlohmann::json;

enum class Task { call, list, version, greet, unknown };

struct Route {
  Task task;
  const ApiFormat& format;
};

Route route_of(std::string_view path)
{
  struct Ending {
    std::string_view text;
    Task task;
    const ApiFormat& (*format)();
  };
  static constexpr std::array<Ending, 8> endings{{
      {"/chat/completions", Task::call, &openai_format},
      {"/api/chat", Task::call, &ollama_format},
      {"/api/generate", Task::call, &ollama_generate_format},
      {"/messages", Task::call, &anthropic_format},
      {"/responses", Task::call, &responses_format},
      {"/models", Task::list, &openai_format},
      {"/api/tags", Task::list, &ollama_format},
      {"/api/version", Task::version, &ollama_format},
  }};
  for (const Ending& ending : endings)
    if (path.ends_with(ending.text))
      return {ending.task, ending.format()};
  if (path == "/")
    return {Task::greet, plain_format()};
  return {Task::unknown, path.starts_with("/v1/") ? openai_format() : plain_format()};
}

bool method_fits(Task task, std::string_view method)
{
  return task == Task::call ? method == "POST" : method == "GET" || method == "HEAD";
}

}  // namespace

void Script::push(Answer answer)
{
  pushed_.push_back(std::move(answer));
}

void Script::always(Answer answer)
{
  otherwise_ = std::move(answer);
}

void Script::when(Decide decide)
{
  decide_ = decide ? std::make_shared<const Decide>(std::move(decide)) : nullptr;
}

void Script::at(std::string path, Answer answer)
{
  at(std::move(path),
     [answer = std::move(answer)](std::string_view, const json&) { return answer; });
}

void Script::at(std::string path, Decide decide)
{
  at_.insert_or_assign(std::move(path), std::make_shared<const Decide>(std::move(decide)));
}

void Script::models(std::vector<std::string> names)
{
  models_ = std::move(names);
}

void Script::record(bool on)
{
  recording_ = on;
}

Playback Script::play(Request request, std::chrono::system_clock::time_point now)
{
  ++taken_up_;
  const std::size_t number = taken_up_;
  if (recording_) {
    bodies_.push_back(request.body);
    requests_.push_back(request.head);
  }
  const Reaction reaction = react(request);
  return Renderer(request, reaction.format, number, now).render(reaction.answer, reaction.call);
}

Script::Reaction Script::react(const Request& request)
{
  const std::string_view path = request.head.path();
  const Route route = route_of(path);
  if (const auto fixed = at_.find(path); fixed != at_.end()) {
    json body = json::parse(request.body, nullptr, false);
    if (body.is_discarded())
      body = nullptr;
    auto answer = decided(fixed->second, path, body);
    return {std::move(answer), route.format, body.is_object() ? route.format.read(body) : Call()};
  }
  if (route.task == Task::unknown) {
    const std::string message =
        &route.format == &plain_format()
            ? std::string("404 page not found")
            : "Invalid URL (" + request.head.method + " " + std::string(path) + ")";
    return {Answer::error(404, message), route.format, Call()};
  }
  if (!method_fits(route.task, request.head.method)) {
    const bool in_json = &route.format == &openai_format() ||
                         &route.format == &anthropic_format() ||
                         &route.format == &responses_format();
    return {
        Answer::error(405, "405 method not allowed"),
        in_json ? route.format : plain_format(),
        Call()};
  }
  switch (route.task) {
    case Task::call: return react_to_call(route.format, path, request.body);
    case Task::list: {
      const std::vector<std::string> names =
          models_.empty() ? std::vector<std::string>{"scripted"} : models_;
      const std::string type(route.format.whole_type());
      return {Answer::status(200, route.format.listing(names), type), route.format, Call()};
    }
    case Task::version:
      return {
          Answer::status(200, R"({"version":"0.12.6"})", std::string(route.format.whole_type())),
          route.format,
          Call()};
    case Task::greet:
    case Task::unknown: break;
  }
  return {
      Answer::status(200, "Ollama is running", "text/plain; charset=utf-8"), route.format, Call()};
}

Script::Reaction Script::react_to_call(
    const ApiFormat& format, std::string_view path, const std::string& body)
{
  const json value = json::parse(body, nullptr, false);
  std::string complaint;
  if (body.empty()) {
    complaint = "missing request body";
  } else if (!value.is_object()) {
    complaint = value.is_discarded() ? "the request body is not valid JSON"
                                     : "the request body must be a JSON object";
  } else {
    complaint = format.complaint(value);
  }
  if (!complaint.empty())
    return {Answer::error(400, complaint), format, Call()};
  Call call = format.read(value);
  if (!knows(format, call.model)) {
    const std::string type(format.whole_type());
    return {Answer::status(404, format.missing_model(call.model), type), format, Call()};
  }
  return {choose(path, value), format, std::move(call)};
}

bool Script::knows(const ApiFormat& format, std::string_view model) const
{
  const auto same = [&](const std::string& known) { return format.same_model(known, model); };
  return models_.empty() || std::ranges::any_of(models_, same);
}

Answer Script::choose(std::string_view path, const json& body)
{
  if (!pushed_.empty()) {
    Answer answer = std::move(pushed_.front());
    pushed_.pop_front();
    return answer;
  }
  return decide_ ? decided(decide_, path, body) : otherwise_;
}

// Keeps the function while it runs: it may replace itself.
Answer Script::decided(
    std::shared_ptr<const Decide> decide, std::string_view path, const json& body)
{
  try {
    return (*decide)(path, body);
  } catch (const std::exception& failure) {
    return Answer::error(500, failure.what());
  } catch (...) {
    return Answer::error(500, "the function that decides threw something unknown");
  }
}

}  // namespace asyncllm::testing
