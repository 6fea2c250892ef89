// How a model's answer is written in each API format. Values in, bytes out.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::testing {

/// What a request asks of a model.
struct Call {
  std::string model;
  std::string prompt;  // the last user message
  std::int64_t prompt_words = 0;
  bool stream = false;
  bool include_usage = false;  // OpenAI: a usage chunk ends the stream
};

/// What the model says to it.
struct Said {
  Call call;
  std::size_t number = 0;  // of the request: makes ids
  std::vector<std::string> pieces;
  std::vector<std::pair<std::string, std::string>> tools;  // called: names and arguments
  std::optional<std::string> finish_reason;
  std::int64_t input_tokens = 0, output_tokens = 0;
  std::chrono::system_clock::time_point asked_at;
  std::chrono::milliseconds delay{0}, between{0};  // to the first piece, from piece to piece

  std::string text() const;
  std::string tool_id(std::size_t index) const;
  std::string finish_or(const char* without_tools, const char* with_tools) const
  {
    return finish_reason.value_or(tools.empty() ? without_tools : with_tools);
  }
  std::chrono::milliseconds duration() const;  // until the last piece
};

class ApiFormat {
 public:
  virtual ~ApiFormat() = default;

  /// What is wrong with a body that is a JSON object; empty when nothing is.
  virtual std::string complaint(const nlohmann::json& body) const = 0;
  virtual Call read(const nlohmann::json& body) const = 0;

  virtual std::string whole(const Said& said) const = 0;
  /// A stream is the opening, each piece, the closing.
  virtual std::string opening(const Said& said) const = 0;
  virtual std::string piece(const Said& said, std::size_t index) const = 0;
  virtual std::string closing(const Said& said) const = 0;

  virtual std::string error(int code, std::string_view message) const = 0;
  virtual std::string missing_model(std::string_view model) const = 0;
  virtual std::string listing(const std::vector<std::string>& models) const = 0;
  /// The same model may have several names, as `gemma3` and `gemma3:latest` are for Ollama.
  virtual bool same_model(std::string_view one, std::string_view other) const;

  virtual std::string_view whole_type() const = 0;  // Content-Type of all but streams
  virtual std::string_view stream_type() const = 0;
  virtual std::string_view request_id_header() const = 0;  // "": there is none
};

const ApiFormat& ollama_format();
const ApiFormat& ollama_generate_format();
const ApiFormat& openai_format();
const ApiFormat& anthropic_format();
const ApiFormat& responses_format();
const ApiFormat& plain_format();  // text/plain: for paths that belong to no format

// What the wires have in common.
std::string dumped(const nlohmann::ordered_json& value);  // invalid UTF-8 replaced
std::string string_field(const nlohmann::json& object, const char* name);
bool flag_field(const nlohmann::json& object, const char* name, bool otherwise);
std::string text_of(const nlohmann::json& content);  // of a string or an array of parts
std::string complaint_about(const nlohmann::json& body, bool needs_messages);
Call read_call(const nlohmann::json& body, bool streams_by_default);
std::int64_t count_words(std::string_view text);

}  // namespace asyncllm::testing
