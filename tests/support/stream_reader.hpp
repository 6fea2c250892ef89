// A streamed body through the decoders, without a socket.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/wires.hpp>
#include <asyncllm/impl/stream/ndjson_decoder.hpp>
#include <asyncllm/impl/stream/sse_decoder.hpp>
#include <asyncllm/model/reply.hpp>

#include "shared_data.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace support {

struct StreamResult {
  asyncllm::Reply reply;
  bool is_complete = false;
  std::string deltas, reasoning;  // the texts of all deltas of that kind, joined
  int events = 0;                 // but a plain [DONE]
};

template <class Decoder>
StreamResult read_stream(
    std::string_view body,
    std::size_t piece,
    std::unique_ptr<asyncllm::provider::DeltaDecoder> deltas)
{
  Decoder decoder;
  asyncllm::provider::StreamedReply reply;
  StreamResult result;
  const auto take = [&](const asyncllm::StreamEvent& event) {
    deltas->feed(event, reply);
    result.events += event.data == "[DONE]" && event.type == "message" ? 0 : 1;
    while (const auto delta = reply.next())
      if (delta->kind == asyncllm::Delta::Kind::text)
        result.deltas += delta->text;
      else if (delta->kind == asyncllm::Delta::Kind::reasoning)
        result.reasoning += delta->text;
  };
  in_pieces(body, piece, [&](std::string_view part) {
    const std::string copy(part);
    decoder.feed(copy, take);
  });
  if (const auto last = decoder.unterminated())
    if (nlohmann::json::accept(last->data) || last->data == "[DONE]")
      take(*last);
  result.is_complete = deltas->is_complete();
  reply.complete();
  result.reply = reply.reply();
  return result;
}

/// A stream of that wire.
inline StreamResult read_stream_of(
    const asyncllm::provider::Wire& wire, std::string_view body, std::size_t piece = 0)
{
  using namespace asyncllm;
  return &wire == &provider::ollama_wire()
             ? read_stream<stream::NdjsonDecoder>(body, piece, wire.deltas())
             : read_stream<stream::SseDecoder>(body, piece, wire.deltas());
}

inline StreamResult read_openai_stream(std::string_view body, std::size_t piece = 0)
{
  return read_stream<asyncllm::stream::SseDecoder>(
      body, piece, asyncllm::provider::openai_deltas());
}

inline StreamResult read_ollama_stream(std::string_view body, std::size_t piece = 0)
{
  return read_stream<asyncllm::stream::NdjsonDecoder>(
      body, piece, asyncllm::provider::ollama_deltas());
}

}  // namespace support
