#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/agent/history.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace asyncllm::inline v0_1::detail {
namespace {

// An image counts as much as a page of text. So does a document or a recording, until the server
// has counted it.
constexpr std::size_t bytes_of_image = 4000;

std::size_t bytes_of(const Message& message)
{
  std::size_t bytes = message.text().size() + message.reasoning().size();
  for (const auto& call : message.tool_calls())
    bytes += call.name.size() + call.arguments.size();
  for (const auto& part : message.parts()) {
    const auto* const text = std::get_if<std::string>(&part);
    bytes += text ? text->size() : bytes_of_image;
  }
  return bytes + 8;  // the role and what is around it
}

}  // namespace

void History::keep_tokens(std::int64_t budget, double cut_to)
{
  if (budget < 1)
    throw Error(ErrorKind::invalid_argument, "keep_tokens: a budget is at least 1");
  if (!(cut_to > 0 && cut_to <= 1))
    throw Error(ErrorKind::invalid_argument, "keep_tokens: cut_to is above 0 and at most 1");
  budget_ = budget;
  cut_to_ = cut_to;
}

std::int64_t History::tokens_of(std::size_t bytes) const
{
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / bytes_a_token_));
}

std::int64_t History::tokens_of(const Turn& turn) const
{
  return turn.tokens > 0 ? turn.tokens : tokens_of(turn.bytes);
}

std::int64_t History::estimated_tokens() const
{
  auto tokens = std::max(overhead_, tokens_of(before_));
  for (std::size_t i = 0; i < turns_.size(); ++i)
    if (is_sent(i))
      tokens += tokens_of(turns_[i]);
  return tokens;
}

Messages History::view(const Message& question)
{
  const auto before = left_out_;
  trim(tokens_of(bytes_of(question)));
  if (left_out_ != before)
    last_count_ = 0;
  return sent().add(question);
}

// Never the turn that is about to begin, and never the last one before it.
void History::trim(std::int64_t question)
{
  const auto can_leave_out = [&] { return pinned_ + left_out_ + 1 < turns_.size(); };
  if (most_turns_)
    while (can_leave_out() && turns_.size() - left_out_ >= std::max<std::size_t>(*most_turns_, 1))
      ++left_out_;
  if (!budget_ || estimated_tokens() + question <= *budget_)
    return;
  const auto goal = static_cast<std::int64_t>(static_cast<double>(*budget_) * cut_to_);
  while (can_leave_out() && estimated_tokens() + question > goal)
    ++left_out_;
}

Messages History::sent() const
{
  Messages view;
  std::size_t index = 0, turn = 0;  // `turn`: how many have begun
  for (const auto& message : messages_) {
    while (turn < turns_.size() && turns_[turn].begin <= index)
      ++turn;
    if (turn == 0 || is_sent(turn - 1))
      view.add(message);
    ++index;
  }
  return view;
}

void History::commit(const Messages& turn, std::int64_t tokens)
{
  Turn added;
  added.begin = messages_.size();
  for (const auto& message : turn)
    added.bytes += bytes_of(message);
  const auto before = estimated_tokens();
  messages_.append(turn);
  // A count that fell although more was sent is no count of it all.
  if (tokens > last_count_) {
    last_count_ = tokens;
    auto bytes = before_ + added.bytes;
    for (std::size_t i = 0; i < turns_.size(); ++i)
      bytes += is_sent(i) ? turns_[i].bytes : 0;
    bytes_a_token_ =
        std::clamp(static_cast<double>(bytes) / static_cast<double>(tokens), 0.5, 16.0);
    if (turns_.empty()) {
      added.tokens = std::min(tokens, tokens_of(added.bytes));
      overhead_ = tokens - added.tokens;
    } else if (tokens > before) {
      added.tokens = tokens - before;
    }
  }
  turns_.push_back(added);
}

bool History::undo()
{
  if (turns_.empty())
    return false;
  Messages rest;
  std::size_t index = 0;
  for (const auto& message : messages_)
    if (index++ < turns_.back().begin)
      rest.add(message);
  messages_ = std::move(rest);
  turns_.pop_back();
  const auto most = turns_.size() > pinned_ ? turns_.size() - pinned_ : 0;
  left_out_ = std::min(left_out_, most);
  last_count_ = 0;
  return true;
}

void History::assign(const Messages& messages)
{
  messages_ = messages;
  turns_.clear();
  before_ = left_out_ = 0;
  overhead_ = last_count_ = 0;
  std::size_t index = 0;
  for (const auto& message : messages) {
    if (message.role() == Role::user)
      turns_.push_back(Turn{index, 0, 0});
    (turns_.empty() ? before_ : turns_.back().bytes) += bytes_of(message);
    ++index;
  }
}

}  // namespace asyncllm::detail
