#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>
#include <asyncllm/impl/provider/reply/streamed_reply.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>

#include <utility>

namespace asyncllm::inline v0_1::provider {

std::string_view StreamedReply::joined(json::HalfJoiner& halves, std::string_view piece)
{
  if ((!has_halves_ && !halves.is_waiting()) || piece.empty())
    return piece;
  joined_ = has_halves_ ? halves.join(piece) : halves.rest().append(piece);
  return joined_;
}

std::string_view StreamedReply::without_marks(std::string_view text)
{
  json::HalfJoiner alone;
  joined_ = alone.join(text);
  joined_ += alone.rest();
  return joined_;
}

void StreamedReply::end_texts()
{
  if (splitter_.is_open()) {
    add_split(text_halves_.rest());
    append(splitter_.finish());
  }
  if (!std::exchange(had_halves_, false))
    return;
  append(Delta::Kind::reasoning, reply_.reasoning, reasoning_halves_.rest());
  append(Delta::Kind::text, reply_.text, text_halves_.rest());
  append(Delta::Kind::refusal, reply_.refusal, refusal_halves_.rest());
  for (std::size_t i = 0; i < calls_.size(); ++i)
    if (const auto rest = calls_[i].halves.rest(); !rest.empty())
      append_arguments(i, rest);
}

void StreamedReply::append(const ThinkSplitter::Split& split)
{
  append(Delta::Kind::reasoning, reply_.reasoning, split.reasoning);
  append(Delta::Kind::text, reply_.text, split.text);
}

void StreamedReply::add_split(std::string_view piece)
{
  append(splitter_.feed(piece));
}

bool StreamedReply::has_text(std::string_view text) const
{
  if (tags_ == ThinkTags::keep)
    return text == reply_.text;
  Reply whole;
  whole.text = text;
  split_thinking(whole, tags_);
  return whole.text == reply_.text;
}

void StreamedReply::append_arguments(std::size_t index, std::string_view arguments)
{
  auto& open = calls_[index];
  open.syntax.feed(arguments);
  auto& so_far = open.call.arguments;
  pieces_.push_back({Delta::Kind::tool_call, index, so_far.size(), arguments.size()});
  so_far += arguments;
}

void StreamedReply::append(Delta::Kind kind, std::string& text, std::string_view piece)
{
  if (piece.empty())
    return;
  charge(piece.size());
  pieces_.push_back({kind, 0, text.size(), piece.size()});
  text += piece;
}

StreamedReply::OpenCall& StreamedReply::open_call(std::optional<std::int64_t> index)
{
  check_count(calls_.size(), bounds_.tool_calls, "tool calls", "tool_calls");
  calls_.emplace_back();
  last_call_ = calls_.size() - 1;
  if (index)
    by_index_[*index] = last_call_;  // fragments that follow belong to the newest call of an index
  return calls_[last_call_];
}

std::optional<std::size_t> StreamedReply::find_call(
    std::optional<std::int64_t> index, std::string_view id, std::string_view name) const
{
  if (index) {
    const auto found = by_index_.find(*index);
    return found == by_index_.end() ? std::nullopt : std::optional(found->second);
  }
  if (id.empty())
    return calls_.empty() ? std::nullopt : std::optional(calls_.size() - 1);
  if (const auto found = by_id_.find(std::string(id)); found != by_id_.end())
    return found->second;
  if (name.empty() && !calls_.empty() && !calls_.back().is_whole())
    return calls_.size() - 1;
  return std::nullopt;
}

void StreamedReply::add_annotations(std::string_view array)
{
  charge(array.size());
  append_elements(reply_.details.edit().annotations, has_halves_ ? without_marks(array) : array);
}

void StreamedReply::fail_too_large() const
{
  throw Error(
      ErrorKind::response_too_large,
      "the reply is larger than " + std::to_string(bounds_.bytes) + " bytes (Limits::reply_bytes)")
      .with_partial_text(reply_.text);
}

void StreamedReply::check_count(
    std::size_t count, std::size_t most, std::string_view what, std::string_view name) const
{
  if (count >= most)
    throw Error(
        ErrorKind::response_too_large,
        "the reply has more than " + std::to_string(most) + ' ' + std::string(what) +
            " (Limits::" + std::string(name) + ')')
        .with_partial_text(reply_.text);
}

void StreamedReply::add_logprob(const TokenLogprob& token)
{
  auto& all = reply_.logprobs;
  check_count(all.size(), bounds_.logprobs, "tokens with logprobs", "logprobs");
  charge(sizeof token + token.token.size() + token.top.size() * sizeof token);
  all.push_back(token);
}

void StreamedReply::add_tool_call(
    std::optional<std::int64_t> index,
    std::string_view id,
    std::string_view name,
    std::string_view arguments,
    bool is_next)
{
  charge(id.size() + name.size() + arguments.size() + 1);
  const auto found = find_call(index, id, name);
  if (found) {
    last_call_ = *found;
    const auto& known = calls_[*found];
    const bool is_same = !id.empty() && known.call.id == id;
    if (is_same && known.is_whole() && known.call.name == name && known.call.arguments == arguments)
      return;
  }
  auto& open = found && !starts_call(calls_[*found], index, id, name, arguments, is_next)
                   ? calls_[*found]
                   : open_call(index);
  auto& call = open.call;
  if (call.id.empty() && !id.empty()) {
    call.id = id;
    by_id_[call.id] = last_call_;
  }
  if (call.arguments.empty())
    extend_name(call.name, name);
  else if (call.name.empty())
    call.name = name;
  append_arguments(last_call_, joined(open.halves, arguments));
}

bool StreamedReply::starts_call(
    const OpenCall& known,
    std::optional<std::int64_t> index,
    std::string_view id,
    std::string_view name,
    std::string_view arguments,
    bool is_next)
{
  if (!id.empty())  // LM Studio makes up an id for every fragment: one without a name goes on
    return index && !known.call.id.empty() && known.call.id != id &&
           (!name.empty() || known.is_whole());
  if (name.empty())
    return false;
  if (!index && (is_next || (!known.call.name.empty() && known.call.name != name)))
    return true;
  return !arguments.empty() && known.is_whole();
}

void StreamedReply::extend_name(std::string& name, std::string_view piece)
{
  if (piece.starts_with(name))
    name = piece;  // a repetition of all of it so far
  else
    name += piece;
}

void StreamedReply::set_tool_extra(std::string_view json)
{
  charge(json.size());
  calls_[last_call_].call.extra = has_halves_ ? without_marks(json) : json;
}

void StreamedReply::add_usage(const Usage& usage)
{
  if (merge_usage(reply_.usage, usage))
    pieces_.push_back({Delta::Kind::usage, 0, 0, 0});
}

void StreamedReply::set_finish(FinishReason reason, std::string_view text)
{
  end_texts();
  reply_.finish_reason = reason;
  reply_.finish_reason_text = text;
  pieces_.push_back({Delta::Kind::finish, 0, 0, 0});
}

void StreamedReply::take_whole(Reply whole)
{
  whole.request_id = std::move(reply_.request_id);
  whole.headers = std::move(reply_.headers);
  whole.attempts = reply_.attempts;
  whole.timings.first_token = reply_.timings.first_token;
  whole.timings.total = reply_.timings.total;
  reply_ = Reply();
  has_halves_ = false;
  split_thinking(whole, tags_);
  splitter_ = ThinkSplitter();
  add_reasoning(whole.reasoning);
  add_text(whole.text);
  add_refusal(whole.refusal);
  pieces_.push_back({Delta::Kind::finish, 0, 0, 0});
  reply_ = std::move(whole);
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
  end_texts();
  reply_.reasoning_extra += reasoning_.text();
  for (const auto& open : calls_)
    reply_.tool_calls.push_back(open.call);
  settle_tool_calls(reply_);
}

}  // namespace asyncllm::provider
