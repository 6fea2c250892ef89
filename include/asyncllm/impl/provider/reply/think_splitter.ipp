#include <asyncllm/impl/provider/reply/think_splitter.hpp>

#include <algorithm>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

constexpr std::string_view think_opens = "<think>", think_closes = "</think>";
constexpr std::string_view think_space = " \t\r\n";
constexpr std::size_t most_held = 64;

std::string_view without_leading_space(std::string_view text)
{
  return text.substr(std::min(text.find_first_not_of(think_space), text.size()));
}

std::string_view without_trailing_space(std::string_view text)
{
  return text.substr(0, text.find_last_not_of(think_space) + 1);
}

// Where the end of the text begins that may belong to the closing tag or the space before it.
std::size_t end_of_reasoning(std::string_view text)
{
  auto length = std::min(text.size(), think_closes.size() - 1);
  while (!text.ends_with(think_closes.substr(0, length)))
    --length;
  return without_trailing_space(text.substr(0, text.size() - length)).size();
}

}  // namespace

ThinkSplitter::Split ThinkSplitter::feed(std::string_view piece)
{
  Split split;
  auto rest = piece;
  if (!held_.empty()) {
    joined_ = std::exchange(held_, {}).append(piece);
    rest = joined_;
  }
  if (state_ == State::beginning)
    read_beginning(rest);
  if (state_ == State::reasoning)
    read_reasoning(rest, split);
  if (state_ == State::behind)
    read_behind(rest);
  if (state_ == State::text)
    split.text = rest;
  return split;
}

void ThinkSplitter::hold(std::string_view& rest)
{
  held_ = rest;
  rest = {};
}

void ThinkSplitter::read_beginning(std::string_view& rest)
{
  const auto text = without_leading_space(rest);
  if (text.starts_with(think_opens)) {
    rest = text.substr(think_opens.size());
    state_ = State::reasoning;
  } else if (think_opens.starts_with(text) && rest.size() <= most_held) {
    hold(rest);
  } else {
    state_ = tags_ == ThinkTags::split_begun ? State::reasoning : State::text;
  }
}

void ThinkSplitter::read_reasoning(std::string_view& rest, Split& split)
{
  if (!has_reasoning_)
    rest = without_leading_space(rest);
  if (const auto at = rest.find(think_closes); at != rest.npos) {
    split.reasoning = without_trailing_space(rest.substr(0, at));
    rest.remove_prefix(at + think_closes.size());
    state_ = State::behind;
    return;
  }
  // Space without an end is not worth a copy for each piece.
  const auto end = rest.size() - std::min(rest.size() - end_of_reasoning(rest), most_held);
  split.reasoning = rest.substr(0, end);
  has_reasoning_ = has_reasoning_ || !split.reasoning.empty();
  rest.remove_prefix(end);
  hold(rest);
}

void ThinkSplitter::read_behind(std::string_view& rest)
{
  rest = without_leading_space(rest);
  if (!rest.empty())
    state_ = State::text;
}

ThinkSplitter::Split ThinkSplitter::finish()
{
  joined_ = std::exchange(held_, {});
  const bool is_text = state_ == State::beginning && tags_ == ThinkTags::split;
  if (is_text)
    state_ = State::text;
  return is_text ? Split{{}, joined_} : Split{without_trailing_space(joined_), {}};
}

void split_thinking(Reply& reply, ThinkTags tags)
{
  const bool may_be_tagged = without_leading_space(reply.text).starts_with(think_opens.front());
  if (tags == ThinkTags::keep || (tags == ThinkTags::split && !may_be_tagged))
    return;
  ThinkSplitter splitter(tags);
  const auto split = splitter.feed(reply.text);
  std::string text(split.text);
  reply.reasoning += split.reasoning;
  const auto rest = splitter.finish();
  reply.reasoning += rest.reasoning;
  text += rest.text;
  reply.text = std::move(text);
}

}  // namespace asyncllm::provider
