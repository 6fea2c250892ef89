#include "provider/streamed_reply.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace asyncllm::provider {

void StreamedReply::add(Delta::Kind kind, std::string& text, std::string_view piece)
{
  if (piece.empty())
    return;
  pieces_.push_back({kind, 0, text.size(), piece.size()});
  text += piece;
}

StreamedReply::OpenCall& StreamedReply::call_of(
    std::optional<std::int64_t> index, std::string_view id, bool starts_anew)
{
  // From the back: a second call under the same index is the one that goes on.
  const auto found = std::find_if(calls_.rbegin(), calls_.rend(), [&](const OpenCall& open) {
    if (index)
      return open.index == index;
    return id.empty() || open.call.id == id;
  });
  const bool is_another = found != calls_.rend() && index && !id.empty() &&
                          !found->call.id.empty() && found->call.id != id;
  const auto is_whole = [](const ToolCall& call) {
    return !call.name.empty() && call.arguments.ends_with('}') &&
           nlohmann::json::accept(call.arguments);
  };
  const bool is_next = found != calls_.rend() && starts_anew && id.empty() && is_whole(found->call);
  if (found == calls_.rend() || is_another || is_next) {
    calls_.push_back({index, {}});
    last_call_ = calls_.size() - 1;
  } else {
    last_call_ = static_cast<std::size_t>(calls_.rend() - found) - 1;
  }
  return calls_[last_call_];
}

void StreamedReply::add_tool_call(
    std::optional<std::int64_t> index,
    std::string_view id,
    std::string_view name,
    std::string_view arguments)
{
  auto& call = call_of(index, id, !name.empty() && !arguments.empty()).call;
  if (call.id.empty())
    call.id = id;
  if (call.name.empty())
    call.name = name;
  pieces_.push_back({Delta::Kind::tool_call, last_call_, call.arguments.size(), arguments.size()});
  call.arguments += arguments;
}

void StreamedReply::set_tool_extra(std::string_view json)
{
  calls_[last_call_].call.extra = json;
}

void StreamedReply::set_usage(const Usage& usage)
{
  reply_.usage = usage;
  pieces_.push_back({Delta::Kind::usage, 0, 0, 0});
}

void StreamedReply::set_finish(FinishReason reason, std::string_view text)
{
  reply_.finish_reason = reason;
  reply_.finish_reason_text = text;
  pieces_.push_back({Delta::Kind::finish, 0, 0, 0});
}

std::optional<Delta> StreamedReply::next()
{
  if (taken_ == pieces_.size()) {
    pieces_.clear();
    taken_ = 0;
    return std::nullopt;
  }
  const auto piece = pieces_[taken_++];
  Delta delta;
  delta.kind = piece.kind;
  const auto part = [&](const std::string& text) {
    return std::string_view(text).substr(piece.offset, piece.length);
  };
  switch (piece.kind) {
    case Delta::Kind::text: delta.text = part(reply_.text); break;
    case Delta::Kind::reasoning: delta.text = part(reply_.reasoning); break;
    case Delta::Kind::refusal: delta.text = part(reply_.refusal); break;
    case Delta::Kind::tool_call: {
      const auto& call = calls_[piece.tool].call;
      delta.text = part(call.arguments);
      delta.tool_index = piece.tool;
      delta.tool_name = call.name;
      delta.tool_id = call.id;
      break;
    }
    case Delta::Kind::usage:
    case Delta::Kind::finish: break;
  }
  return delta;
}

void StreamedReply::complete()
{
  for (const auto& open : calls_)
    if (!open.call.name.empty() && nlohmann::json::accept(open.call.arguments))
      reply_.tool_calls.push_back(open.call);
}

}  // namespace asyncllm::provider
