// The body of a 2xx answer in one wire: whole replies against a second opinion, streams whole and
// in pieces. Whatever it is: a reply or an Error, and tool calls whose arguments are JSON.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/client/reply_decoder.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/reply/streamed_reply.hpp>
#include <asyncllm/impl/provider/wire.hpp>

#include "fuzz.hpp"

#include <nlohmann/json.hpp>

#include <optional>

namespace fuzz {

using asyncllm::Error;
using asyncllm::Reply;

inline std::string summary(const Reply& reply)
{
  std::string text = reply.text + '\x01' + reply.reasoning + '\x01' + reply.refusal + '\x01' +
                     reply.finish_reason_text + '\x01';
  for (const auto& call : reply.tool_calls) {
    require(asyncllm::json::is_json(call.arguments), "the arguments of a tool call are JSON");
    text += call.id + '\x02' + call.name + '\x02' + call.arguments + '\x02';
  }
  return text;
}

// A stream, as one that asked for it reads it.
class StreamReader {
 public:
  explicit StreamReader(const asyncllm::provider::Wire& wire)
      : decoder_(wire, limits()), reply_(asyncllm::client::bounds_of(limits()))
  {}

  void feed(std::string_view piece)
  {
    if (!failure_ && !decoder_.is_done())
      guarded([&] { decoder_.feed(piece, reply_); });
  }
  std::string end()
  {
    if (!failure_)
      guarded([&] {
        decoder_.finish(reply_);
        while (reply_.next())
          ;
        reply_.complete();
      });
    if (!failure_)
      return summary(reply_.reply());
    return "error \x01" + failure_->partial_text();
  }

 private:
  static asyncllm::Limits limits()
  {
    return asyncllm::Limits().event_bytes(1 << 16).reply_bytes(1 << 18);
  }
  template <class Call>
  void guarded(Call call)
  {
    try {
      call();
    } catch (const Error& error) {
      failure_ = error;
    }
  }

  asyncllm::client::ReplyDecoder decoder_;
  asyncllm::provider::StreamedReply reply_;
  std::optional<Error> failure_;
};

/// `text_in`: the text that a reply of this wire has by nlohmann's reading of it; nothing where
/// that is not plain.
template <class TextIn>
void wire(const asyncllm::provider::Wire& wire, std::string_view text, TextIn text_in)
{
  const auto seed = take_choice(text);

  StreamReader whole(wire), pieces(wire);
  whole.feed(text);
  in_pieces(text, seed, [&](std::string_view piece) { pieces.feed(piece); });
  require(whole.end() == pieces.end(), "a stream does not depend on how it is cut");

  asyncllm::json::Reader reader;
  std::string body(text);
  std::optional<Reply> reply;
  try {
    reply = asyncllm::client::read_reply(wire, asyncllm::Limits(), body, reader);
  } catch (const Error&) {
    return;
  }
  summary(*reply);
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object())
    return;
  try {
    if (const std::optional<std::string> expected = text_in(json))
      require(reply->text == *expected, "the text is the one that another reader finds");
  } catch (const nlohmann::json::exception&) {  // not plain
  }
}

}  // namespace fuzz
