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

// Whether an event may belong to an item.
bool ResponsesOutput::fits(const Item& item, Event event, std::string_view type)
{
  if (item.type.empty())
    return true;
  switch (event) {
    case Event::text: return item.type != "function_call";
    case Event::arguments: return !item.is_text();
    case Event::begin: return !item.is_begun && item.type == type;
    case Event::end: return !item.is_done && item.type == type;
  }
  return false;
}

ResponsesOutput::Item* ResponsesOutput::find(const Name& name, Event event, std::string_view type)
{
  if (const auto known = by_id_.find(name.id); known != by_id_.end()) {
    const auto key = known->second;
    auto& item = items_[key];
    const bool is_there = !name.index || key.first == *name.index;
    if (is_there && (item.type == type || fits(item, event, type)))
      return &item;
  }
  if (items_.empty())
    return nullptr;
  auto key = last_;
  if (name.index) {
    const auto known = by_index_.find(*name.index);
    if (known == by_index_.end())
      return nullptr;
    key = known->second;
  }
  auto& item = items_[key];
  return fits(item, event, type) ? &item : nullptr;
}

ResponsesOutput::Item& ResponsesOutput::add(const Name& name, StreamedReply& reply)
{
  const auto behind = items_.empty() ? 0 : items_.rbegin()->first.first + 1;
  const auto number = static_cast<std::int64_t>(items_.size());
  const Key key(name.index.value_or(behind), number);
  auto& item = items_[key];
  reply.charge(sizeof(std::pair<Key, Item>) + name.id.size());
  item.number = number;
  by_index_[key.first] = last_ = key;
  if (!name.id.empty())
    by_id_[std::string(name.id)] = key;
  for (auto& open : first_open_)
    open = number == 0 ? key : std::min(open, key);
  return item;
}

ResponsesOutput::Item& ResponsesOutput::item_at(
    const Name& name, Event event, std::string_view type, StreamedReply& reply)
{
  auto* const known = find(name, event, type);
  auto& item = known ? *known : add(name, reply);
  if (item.type.empty())
    item.type = type;
  return item;
}

ResponsesOutput::Item& ResponsesOutput::text_item_at(
    const Place& place, ResponsesPart::Kind kind, StreamedReply& reply)
{
  const bool is_reasoning = kind == ResponsesPart::Kind::reasoning;
  return item_at(place.item, Event::text, is_reasoning ? "reasoning" : "message", reply);
}

ResponsesOutput::Part& ResponsesOutput::part_at(
    Item& item, const Place& place, ResponsesPart::Kind kind, StreamedReply& reply)
{
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

void ResponsesOutput::begin_item(const Name& name, const ResponsesItem& begun, StreamedReply& reply)
{
  auto& item = item_at(name, Event::begin, begun.type, reply);
  item.is_begun = true;
  if (!begun.is_call())
    return;
  item.call_id = begun.call_id;
  item.name = begun.name;
  begin_call(item, false, reply);
}

void ResponsesOutput::begin_part(const Place& place, ResponsesPart::Kind kind, StreamedReply& reply)
{
  if (kind != ResponsesPart::Kind::unknown)
    part_at(text_item_at(place, kind, reply), place, kind, reply);
}

void ResponsesOutput::add_piece(
    const Place& place,
    ResponsesPart::Kind kind,
    std::string_view piece,
    const std::vector<TokenLogprob>& logprobs,
    StreamedReply& reply)
{
  auto& item = text_item_at(place, kind, reply);
  auto& part = part_at(item, place, kind, reply);
  if (part.is_done)  // it is known as a whole
    return;
  reply.charge(piece.size());
  if (has_halves_ || part.halves.is_waiting())
    part.text += joined(part.halves, piece);
  else
    part.text += piece;
  if (!logprobs.empty()) {
    item.has_logprobs = true;
    reply.add_logprobs(logprobs);
  }
  hand_on(item.is_reasoning(), reply);
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
  auto& item = text_item_at(place, kind, reply);
  if (auto& part = part_at(item, place, kind, reply); !part.is_done || part.text.empty())
    add_rest(part, cleaned(whole), reply);
  hand_on(item.is_reasoning(), reply);
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

void ResponsesOutput::begin_call(Item& item, bool is_last_chance, StreamedReply& reply)
{
  const bool is_known = !item.name.empty() || is_last_chance;
  if (is_known && !std::exchange(item.is_call_begun, true))
    reply.add_tool_call(item.number, item.call_id, item.name, {});
  if (!item.is_call_begun)
    return;
  const auto rest = std::string_view(item.arguments).substr(item.handed_on);
  item.handed_on = item.arguments.size();
  if (!rest.empty())
    reply.add_tool_call(item.number, {}, {}, rest);
}

void ResponsesOutput::add_arguments(const Name& name, std::string_view piece, StreamedReply& reply)
{
  auto& item = item_at(name, Event::arguments, "function_call", reply);
  if (item.is_done)  // they are known as a whole
    return;
  reply.charge(piece.size());
  item.arguments += joined(item.halves, piece);
  begin_call(item, false, reply);
}

void ResponsesOutput::end_arguments(const Name& name, std::string_view whole, StreamedReply& reply)
{
  end_arguments(item_at(name, Event::arguments, "function_call", reply), whole, reply);
}

void ResponsesOutput::end_arguments(Item& item, std::string_view whole, StreamedReply& reply)
{
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
  begin_call(item, false, reply);
}

void ResponsesOutput::end_item(const Name& name, ResponsesItem& ended, StreamedReply& reply)
{
  end_item(item_at(name, Event::end, ended.type, reply), ended, reply);
}

void ResponsesOutput::end_item(Item& item, ResponsesItem& ended, StreamedReply& reply)
{
  if (item.is_done)
    return;
  reply.charge(ended.raw.size());
  if (ended.is_call()) {
    if (item.call_id.empty())
      item.call_id = ended.call_id;
    if (item.name.empty())
      item.name = ended.name;
    end_arguments(item, ended.arguments, reply);
    begin_call(item, true, reply);
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

// The item that an item of the whole answer was while it grew; null: it comes only there.
ResponsesOutput::Item* ResponsesOutput::find_in_answer(
    std::int64_t position, const ResponsesItem& ended)
{
  const auto may_be = [&](const Item& item) {
    return !item.is_in_answer && (item.type.empty() || item.type == ended.type);
  };
  if (const auto known = by_id_.find(ended.id);
      known != by_id_.end() && may_be(items_[known->second]))
    return &items_[known->second];
  for (auto& [key, item] : items_)
    if (may_be(item) && ended.is_call() && !item.call_id.empty() && item.call_id == ended.call_id)
      return &item;
  for (auto at = items_.lower_bound({position, 0}); at != items_.end(); ++at)
    if (at->first.first == position && may_be(at->second))
      return &at->second;
  return nullptr;
}

void ResponsesOutput::end(ResponsesAnswer& answer, StreamedReply& reply)
{
  std::int64_t position = 0;
  for (auto& ended : answer.items) {
    auto* const known = find_in_answer(position, ended);
    auto& item = known ? *known : add({position, ended.id}, reply);
    if (item.type.empty())
      item.type = ended.type;
    item.is_in_answer = true;
    end_item(item, ended, reply);
    ++position;
  }
  for (auto& [key, item] : items_) {
    for (auto* const parts : {&item.summary, &item.content})
      for (auto& [number, part] : *parts)
        part.text += part.halves.rest();
    if (item.type == "function_call")
      begin_call(item, true, reply);
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
  for (auto& [key, item] : items_)
    items.push_back(std::move(item.ended));
  return items;
}

void ResponsesOutput::hand_on(bool is_reasoning, StreamedReply& reply)
{
  auto& open = first_open_[is_reasoning ? 1 : 0];
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
