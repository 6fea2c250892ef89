#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/provider/reply/tool_calls.hpp>
#include <asyncllm/impl/provider/responses/responses_output.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

// Whether two texts are the arguments of the same call.
bool are_same_arguments(std::string one, std::string other)
{
  return one == other || (normalize_arguments(one) && normalize_arguments(other) &&
                          nlohmann::json::parse(one, nullptr, false) ==
                              nlohmann::json::parse(other, nullptr, false));
}

}  // namespace

ResponsesOutput::Item& ResponsesOutput::item_at(
    std::int64_t index, std::string_view type, StreamedReply& reply)
{
  const auto [found, is_new] = items_.try_emplace(index);
  auto& item = found->second;
  if (is_new)
    reply.charge(sizeof *found);
  if (item.type.empty()) {
    item.type = type;
    auto& open = open_[item.is_reasoning() ? 1 : 0];
    open = std::min(open, index);
  }
  return item;
}

ResponsesOutput::Part& ResponsesOutput::part_at(
    const Place& place, ResponsesPart::Kind kind, StreamedReply& reply)
{
  const bool is_reasoning = kind == ResponsesPart::Kind::reasoning;
  auto& item = item_at(place.item, is_reasoning ? "reasoning" : "message", reply);
  const auto [found, is_new] =
      (place.in_summary ? item.summary : item.content).try_emplace(place.part);
  auto& part = found->second;
  if (is_new)
    reply.charge(sizeof *found);
  if (part.kind == ResponsesPart::Kind::unknown)
    part.kind = kind;
  return part;
}

std::string ResponsesOutput::joined(json::HalfJoiner& halves, std::string_view piece) const
{
  return has_halves_ ? halves.join(piece) : halves.rest().append(piece);
}

std::string ResponsesOutput::cleaned(std::string_view text) const
{
  if (!has_halves_)
    return std::string(text);
  json::HalfJoiner alone;
  auto whole = alone.join(text);
  return whole += alone.rest();
}

void ResponsesOutput::begin_item(
    std::int64_t index, const ResponsesItem& begun, StreamedReply& reply)
{
  auto& item = item_at(index, begun.type, reply);
  if (!begun.is_call())
    return;
  item.call_id = begun.call_id;
  item.name = begun.name;
  begin_call(index, item, false, reply);
}

void ResponsesOutput::begin_part(const Place& place, ResponsesPart::Kind kind, StreamedReply& reply)
{
  if (kind != ResponsesPart::Kind::unknown)
    part_at(place, kind, reply);
}

void ResponsesOutput::add_piece(
    const Place& place,
    ResponsesPart::Kind kind,
    std::string_view piece,
    const std::vector<TokenLogprob>& logprobs,
    StreamedReply& reply)
{
  auto& part = part_at(place, kind, reply);
  if (part.is_done)  // it is known as a whole
    return;
  reply.charge(piece.size());
  if (has_halves_ || part.halves.is_waiting())
    part.text += joined(part.halves, piece);
  else
    part.text += piece;
  if (!logprobs.empty()) {
    items_[place.item].has_logprobs = true;
    reply.add_logprobs(logprobs);
  }
  hand_on(kind == ResponsesPart::Kind::reasoning, reply);
}

void ResponsesOutput::add_rest(Part& part, const std::string& whole, StreamedReply& reply)
{
  part.text += part.halves.rest();
  if (whole.size() > part.text.size() && whole.starts_with(part.text)) {
    reply.charge(whole.size() - part.text.size());
    part.text = whole;
  }
  part.is_done = true;
}

void ResponsesOutput::end_part(
    const Place& place, ResponsesPart::Kind kind, std::string_view whole, StreamedReply& reply)
{
  if (kind == ResponsesPart::Kind::unknown)
    return;
  if (auto& part = part_at(place, kind, reply); !part.is_done || part.text.empty())
    add_rest(part, cleaned(whole), reply);
  hand_on(items_[place.item].is_reasoning(), reply);
}

namespace {

template <class Parts>
std::string joined_text(const Parts& parts)
{
  std::string all;
  for (const auto& part : parts)
    all += part.text;
  return all;
}

}  // namespace

std::string ResponsesOutput::text_of(const Parts& parts)
{
  std::string all;
  for (const auto& [index, part] : parts)
    all += part.text;
  return all;
}

// Whether each part so far is the beginning of the one in its place. Some servers count the parts
// in another way than they list them.
bool ResponsesOutput::fits(const Parts& parts, const std::vector<ResponsesPart>& ended)
{
  return std::ranges::all_of(parts, [&](const auto& entry) {
    const auto& [index, part] = entry;
    if (part.text.empty())
      return true;
    const auto at = static_cast<std::size_t>(index);
    return at < ended.size() && ended[at].kind == part.kind &&
           ended[at].text.starts_with(part.text);
  });
}

void ResponsesOutput::end_parts(
    Parts& parts, const std::vector<ResponsesPart>& ended, StreamedReply& reply)
{
  if (!fits(parts, ended)) {
    const auto so_far = text_of(parts);
    const auto all = joined_text(ended);
    auto& last = parts.rbegin()->second;
    if (all.starts_with(so_far))
      add_rest(last, last.text + all.substr(so_far.size()), reply);
    return;
  }
  std::int64_t index = 0;
  for (const auto& its_end : ended) {
    const auto at = index++;
    if (its_end.kind == ResponsesPart::Kind::unknown)
      continue;
    auto& part = parts[at];
    part.kind = its_end.kind;
    add_rest(part, its_end.text, reply);
  }
}

// Some servers have reasoning as a summary in one place and as a text in another.
bool ResponsesOutput::repeats(const Parts& parts, const std::vector<ResponsesPart>& ended)
{
  return text_of(parts) == joined_text(ended);
}

void ResponsesOutput::begin_call(
    std::int64_t index, Item& item, bool is_last_chance, StreamedReply& reply)
{
  const bool is_known = !item.name.empty() || is_last_chance;
  if (is_known && !std::exchange(item.is_call_begun, true))
    reply.add_tool_call(index, item.call_id, item.name, {});
  if (!item.is_call_begun)
    return;
  const auto rest = std::string_view(item.arguments).substr(item.handed_on);
  item.handed_on = item.arguments.size();
  if (!rest.empty())
    reply.add_tool_call(index, {}, {}, rest);
}

void ResponsesOutput::add_arguments(
    std::int64_t index, std::string_view piece, StreamedReply& reply)
{
  auto& item = item_at(index, "function_call", reply);
  reply.charge(piece.size());
  item.arguments += joined(item.halves, piece);
  begin_call(index, item, false, reply);
}

void ResponsesOutput::end_arguments(
    std::int64_t index, std::string_view whole, StreamedReply& reply)
{
  auto& item = item_at(index, "function_call", reply);
  item.arguments += item.halves.rest();
  auto arguments = cleaned(whole);
  if (arguments.size() > item.arguments.size() && arguments.starts_with(item.arguments)) {
    reply.charge(arguments.size() - item.arguments.size());
    item.arguments = std::move(arguments);
  } else if (!arguments.empty() && !are_same_arguments(item.arguments, arguments)) {
    throw Error(
        ErrorKind::bad_response,
        "the server sent two different arguments of one call of the tool \"" + item.name + '"');
  }
  begin_call(index, item, false, reply);
}

void ResponsesOutput::end_item(std::int64_t index, ResponsesItem ended, StreamedReply& reply)
{
  auto& item = item_at(index, ended.type, reply);
  if (item.is_done)
    return;
  reply.charge(ended.raw.size());
  if (ended.is_call()) {
    if (item.call_id.empty())
      item.call_id = ended.call_id;
    if (item.name.empty())
      item.name = ended.name;
    end_arguments(index, ended.arguments, reply);
    begin_call(index, item, true, reply);
  } else if (item.is_text()) {
    for (auto* const parts : {&ended.summary, &ended.content})
      for (auto& part : *parts)
        part.text = cleaned(part.text);
    for (auto* const parts : {&item.summary, &item.content})
      for (auto& [number, part] : *parts)
        part.text += part.halves.rest();
    if (!item.summary.empty() || !repeats(item.content, ended.summary))
      end_parts(item.summary, ended.summary, reply);
    if (!item.content.empty() || !repeats(item.summary, ended.content))
      end_parts(item.content, ended.content, reply);
    for (const auto* const parts : {&ended.summary, &ended.content})
      for (const auto& part : *parts) {
        if (!item.has_logprobs)
          reply.add_logprobs(part.logprobs);
        if (!part.annotations.empty())
          reply.add_annotations(cleaned(part.annotations));
      }
  }
  ended.raw = cleaned(ended.raw);
  item.ended = std::move(ended);
  item.is_done = true;
  hand_on(item.is_reasoning(), reply);
}

void ResponsesOutput::end(ResponsesAnswer& answer, StreamedReply& reply)
{
  std::int64_t index = 0;
  for (auto& item : answer.items) {
    const auto at = index++;
    if (const auto known = items_.find(at);
        known == items_.end() || known->second.type == item.type)
      end_item(at, std::move(item), reply);
  }
  for (auto& [at, item] : items_) {
    for (auto* const parts : {&item.summary, &item.content})
      for (auto& [number, part] : *parts)
        part.text += part.halves.rest();
    if (item.type == "function_call")
      begin_call(at, item, true, reply);
    item.is_done = true;
  }
  hand_on(true, reply);
  hand_on(false, reply);
  if (items_.empty())
    reply.add_text(answer.output_text);
}

std::vector<ResponsesItem> ResponsesOutput::take_items()
{
  std::vector<ResponsesItem> items;
  for (auto& [index, item] : items_)
    items.push_back(std::move(item.ended));
  return items;
}

void ResponsesOutput::hand_on(bool is_reasoning, StreamedReply& reply)
{
  auto& open = open_[is_reasoning ? 1 : 0];
  for (auto at = items_.lower_bound(open); at != items_.end(); ++at) {
    auto& item = at->second;
    if (item.is_reasoning() != is_reasoning)
      continue;
    open = at->first;
    for (auto* const parts : {&item.summary, &item.content})
      for (auto& [index, part] : *parts) {
        hand_on(part, reply);
        if (!part.is_done && !item.is_done)
          return;
      }
    if (item.is_text() && !item.is_done)
      return;
  }
}

void ResponsesOutput::hand_on(Part& part, StreamedReply& reply)
{
  const auto rest = std::string_view(part.text).substr(part.handed_on);
  part.handed_on = part.text.size();
  switch (part.kind) {
    case ResponsesPart::Kind::text: reply.add_text(rest); break;
    case ResponsesPart::Kind::reasoning: reply.add_reasoning(rest); break;
    case ResponsesPart::Kind::refusal: reply.add_refusal(rest); break;
    case ResponsesPart::Kind::unknown: break;
  }
}

}  // namespace asyncllm::provider
