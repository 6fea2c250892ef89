// How the scripted server answers one request.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/header_list.hpp>
#include <asyncllm/testing/fault.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::testing {

/// How the end of the body is marked.
enum class Framing {
  chunked,  ///< Transfer-Encoding: chunked
  length,   ///< Content-Length
  close     ///< the end of the connection
};

/// One scripted answer: a text that a model would say, an echo, or an HTTP status with a body.
///
///     Answer::text("Paris.").after(std::chrono::milliseconds(200))
///
/// A text is sent in the wire of the request (Ollama, OpenAI or Anthropic), whole or as a stream,
/// whichever the request asks for. Wrong use (a status of 42, a negative delay, a line break in a
/// header, tokens for a status) throws `Error{invalid_argument}` at once.
class Answer {
 public:
  /// The model says `text`. In a stream every word is a token of its own.
  static Answer text(std::string text);

  /// The model calls the tool `name` with these arguments, a JSON object: Answer::tool_call(
  /// "get_weather", R"({"city": "Paris"})"). The reason of the end is the wire's for it.
  /// `/api/generate` has no tools: there it says nothing. Throws `Error{invalid_argument}` for
  /// other arguments.
  static Answer tool_call(std::string name, std::string arguments);

  /// It calls one more, behind what it says or calls already.
  Answer& and_tool_call(std::string name, std::string arguments);

  /// The model repeats the last user message (the prompt of `/api/generate`).
  static Answer echo();

  /// Exactly this status (200 to 599) and body, even if a stream was requested.
  static Answer status(
      int code, std::string body = std::string(), std::string content_type = "application/json");

  /// This status (200 to 599) and `message` as the wire of the request words its errors.
  static Answer error(int code, std::string message);

  /// Waits before the first byte of the answer. Default: 0.
  Answer& after(std::chrono::milliseconds delay);

  /// The model says these pieces, one token each; `between` passes from one to the next.
  /// A whole answer is sent when its last token would be.
  Answer& tokens(
      std::vector<std::string> pieces,
      std::chrono::milliseconds between = std::chrono::milliseconds(0));

  /// The time from one token of the text or echo to the next. Default: 0.
  Answer& pace(std::chrono::milliseconds between);

  /// Why the model stopped, in the words of the wire. Default: "stop" ("end_turn" for Anthropic).
  Answer& finish_reason(std::string reason);

  /// The token counts. Default: the words of the messages, and the tokens sent.
  Answer& usage(std::int64_t input_tokens, std::int64_t output_tokens);

  /// One more header; it replaces one of the server's own with the same name.
  Answer& header(std::string name, std::string value);

  /// Says `Connection: close` and closes the connection after this answer.
  Answer& close();

  /// Default: `length` for whole answers, `chunked` for streams; for clients of HTTP/1.0, which
  /// know no chunks, `close` instead.
  Answer& framing(Framing framing);

  /// Breaks the answer there. One fault an answer: a second call replaces the first.
  Answer& fault(Fault fault);

 private:
  friend class Renderer;
  enum class Kind { text, echo, status, error };
  explicit Answer(Kind kind, std::string content) : kind_(kind), content_(std::move(content)) {}
  void require_a_text(const char* setter) const;

  Kind kind_;
  int code_ = 200;
  bool close_ = false;
  std::string content_;              // the text, the body or the error's message
  std::string content_type_;         // of a status
  std::vector<std::string> pieces_;  // empty: the words of the text
  std::vector<std::pair<std::string, std::string>> calls_;  // names and arguments
  std::chrono::milliseconds delay_{0}, between_{0};
  std::optional<std::string> finish_reason_;
  std::optional<std::pair<std::int64_t, std::int64_t>> usage_;
  HeaderList headers_;
  std::optional<Framing> framing_;
  std::optional<Fault> fault_;
};

}  // namespace asyncllm::testing
