// Replies of real servers against what is known to be in them.
#include <asyncllm/core/error.hpp>
#include <asyncllm/core/response_head.hpp>

#include "provider/errors.hpp"
#include "provider/wires.hpp"
#include "shared_data.hpp"
#include "stream_reader.hpp"
#include "test.hpp"

#include <filesystem>
#include <functional>
#include <string>

using namespace asyncllm;
using Json = nlohmann::json;

namespace {

// The member as text: null and missing are "", everything else as JSON writes it.
std::string text_of(const Json& object, const char* name)
{
  const auto found = object.find(name);
  if (found == object.end() || found->is_null())
    return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// What differs, in words; "" when nothing does.
std::string difference(const Json& expected, const Reply& reply)
{
  std::string words;
  const auto compare = [&](const char* name, const std::string& got) {
    if (const auto want = text_of(expected, name); want != got)
      words += std::string(" ") + name + ": \"" + got + "\" instead of \"" + want + '"';
  };
  compare("text", reply.text);
  compare("reasoning", reply.reasoning);
  compare("refusal", reply.refusal);
  compare("finish_reason", reply.finish_reason_text);
  compare("model", reply.model);
  compare("id", reply.id);
  if (const auto usage = expected.value("usage", Json()); usage.is_object()) {
    const auto count = [&](const char* name, std::int64_t got) {
      if (const auto want = usage.value(name, Json()); want.is_number() && want != got)
        words += std::string(" ") + name;
    };
    count("prompt_tokens", reply.usage.input_tokens);
    count("completion_tokens", reply.usage.output_tokens);
  }
  std::size_t whole = 0;
  for (const auto& call : expected.value("tool_calls", Json::array())) {
    if (!call.value("arguments_valid_json", true))
      continue;  // cut: must not be handed on
    const auto* got = whole < reply.tool_calls.size() ? &reply.tool_calls[whole] : nullptr;
    ++whole;
    if (!got || got->name != text_of(call, "name") || got->id != text_of(call, "id") ||
        Json::parse(got->arguments) != call.value("arguments_json", Json::parse(got->arguments)))
      words += " tool call " + std::to_string(whole);
  }
  if (whole != reply.tool_calls.size())
    words += " " + std::to_string(reply.tool_calls.size()) + " tool calls instead of " +
             std::to_string(whole);
  return words;
}

// Calls `check` with each recording of that kind on a wire we speak; it gives what is wrong, or "".
void for_each_recording(
    const std::string& kind,
    const std::function<std::string(const Json&, const std::string& body)>& check)
{
  const auto folder = support::shared_data("recordings");
  if (!folder)
    return;
  int count = 0, passed = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
    const auto path = entry.path().string();
    if (!path.ends_with(".meta.json"))
      continue;
    const auto meta = Json::parse(support::read_file(path));
    if (meta["kind"] != kind || meta["wire"] == "anthropic")
      continue;
    const auto body = support::read_file(path.substr(0, path.size() - 10) + ".body");
    const auto wrong = check(meta, body);
    INFO(meta["name"].get<std::string>() << wrong);
    CHECK(wrong.empty());
    ++count;
    passed += wrong.empty() ? 1 : 0;
  }
  std::cout << kind << ": " << passed << " of " << count << " recordings\n";
  CHECK(count > 0);
}

}  // namespace

TEST_CASE("recorded whole replies are read as they are", "[recordings]")
{
  for_each_recording("chat", [](const Json& meta, const std::string& body) {
    try {
      const auto& wire =
          meta["wire"] == "ollama" ? provider::ollama_wire() : provider::openai_wire();
      auto copy = body;
      return difference(meta["expected"], wire.decode(copy));
    } catch (const Error& error) {
      return std::string(" threw ") + error.what();
    }
  });
}

TEST_CASE("recorded streams are read the same in every chunking", "[recordings]")
{
  for_each_recording("stream", [](const Json& meta, const std::string& body) {
    const auto& expected = meta["expected"];
    std::string wrong;
    for (const auto size : support::chunk_sizes) {
      try {
        const auto result = meta["wire"] == "ollama" ? support::read_ollama_stream(body, size)
                                                     : support::read_openai_stream(body, size);
        wrong = difference(expected, result.reply);
        if (result.deltas != result.reply.text)
          wrong += " the deltas are not the text";
        const bool should_be_complete =
            !text_of(expected, "finish_reason").empty() || body.find("[DONE]") != body.npos;
        if (result.is_complete != should_be_complete)
          wrong += result.is_complete ? " is taken for complete" : " is taken for incomplete";
      } catch (const Error& error) {
        wrong = std::string(" threw ") + error.what();
        if (!text_of(expected, "error").empty())
          wrong.clear();  // the recording is of an error
      }
      if (!wrong.empty())
        return " in pieces of " + std::to_string(size) + wrong;
    }
    return wrong;
  });
}

TEST_CASE("recorded errors give the server's words, code, type and parameter", "[recordings]")
{
  for_each_recording("error", [](const Json& meta, const std::string& body) {
    ResponseHead head;
    head.status = meta["status"];
    for (const auto& field : meta["headers"])
      head.headers.emplace_back(field[0].get<std::string>(), field[1].get<std::string>());
    const auto error =
        head.status >= 400 ? provider::error_from_answer(head, body) : provider::hidden_error(body);
    const auto& expected = meta["expected"]["error"];
    std::string wrong;
    const auto compare = [&](const char* name, const std::string& got) {
      if (const auto want = text_of(expected, name); want != got)
        wrong += std::string(" ") + name + ": \"" + got + "\" instead of \"" + want + '"';
    };
    compare("message", error.server_message());
    compare("code", error.server_code());
    compare("type", error.server_type());
    compare("param", error.server_param());
    return wrong;
  });
}
