#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/json/writer.hpp>
#include <asyncllm/impl/provider/reply/reasoning_blocks.hpp>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1::provider {
namespace {

// Of a fragment or a block. Real ones have fewer than ten; the limit keeps lookups cheap.
constexpr std::size_t max_members = 64;

struct Member {
  std::string name, value;  // the value is JSON text unless it is a text
  bool is_text = false;

  bool says_nothing() const { return is_text ? value.empty() : value == "null"; }
};

struct Block {
  std::vector<Member> members;
  std::string json;  // instead of members: an unknown form, unchanged

  const Member* find(std::string_view name) const
  {
    const auto found = std::ranges::find(members, name, &Member::name);
    return found == members.end() || found->says_nothing() ? nullptr : &*found;
  }
  std::string_view text_of(std::string_view name) const
  {
    const auto* const member = find(name);
    return member ? std::string_view(member->value) : std::string_view();
  }
};

Block parse_block(std::string_view json, json::Reader& reader)
{
  Block block;
  bool is_understood = json.starts_with('{');
  if (is_understood)
    reader.object(json, [&](json::Object object) {
      block.members.clear();
      is_understood = true;
      for (auto field : object) {
        const std::string_view name = field.unescaped_key();
        json::Value value = field.value();
        if (block.members.size() == max_members)
          is_understood = false;
        else if (const auto text = json::text_if(value))
          block.members.push_back({std::string(name), std::string(*text), true});
        else
          block.members.push_back({std::string(name), std::string(json::raw_json(value)), false});
      }
    });
  if (!is_understood) {
    block.members.clear();
    block.json = json;
  }
  return block;
}

void merge(Block& block, Block&& fragment)
{
  for (auto& member : fragment.members) {
    const auto known = std::ranges::find(block.members, member.name, &Member::name);
    const bool grows = member.name == "text" || member.name == "summary" || member.name == "data";
    if (known == block.members.end())
      block.members.push_back(std::move(member));
    else if (grows && known->is_text && member.is_text)
      known->value += member.value;
    else if (known->says_nothing())
      *known = std::move(member);
  }
}

void append_block(std::string& out, const Block& block)
{
  if (block.members.empty() && !block.json.empty()) {
    out += block.json;
    return;
  }
  out += '{';
  for (const auto& member : block.members) {
    if (out.back() != '{')
      out += ',';
    json::append_string(out, member.name);
    out += ':';
    if (member.is_text)
      json::append_string(out, member.value);
    else
      out += member.value;
  }
  out += '}';
}

}  // namespace

struct ReasoningBlocks::State {
  // What identifies the block of a fragment: "index" or "id", its value, and the type.
  using Place = std::tuple<std::string_view, std::string, std::string>;

  json::Reader reader;
  std::vector<Block> blocks;
  std::map<Place, std::size_t> by_place;

  static Place place_of(const Block& fragment)
  {
    for (const std::string_view name : {"index", "id"})
      if (const auto* const member = fragment.find(name))
        return {name, member->value, std::string(fragment.text_of("type"))};
    return {};
  }

  // The block that the fragment continues, or null.
  Block* find(const Block& fragment, const Place& place)
  {
    const auto found = by_place.find(place);
    if (found == by_place.end())
      return nullptr;
    auto& block = blocks[found->second];
    if (block.members.size() + fragment.members.size() > max_members)
      return nullptr;
    const auto id = block.text_of("id"), its_id = fragment.text_of("id");
    return id.empty() || its_id.empty() || id == its_id ? &block : nullptr;
  }

  // Consecutive texts with neither index nor id are one block, up to a signature.
  Block* find_previous(const Block& fragment)
  {
    if (blocks.empty() || fragment.members.empty())
      return nullptr;
    auto& block = blocks.back();
    const auto type = fragment.text_of("type");
    const bool is_text = type == "reasoning.text" || type == "reasoning.summary";
    const bool goes_on = is_text && block.text_of("type") == type && place_of(block) == Place() &&
                         !block.find("signature");
    return goes_on && block.members.size() + fragment.members.size() <= max_members ? &block
                                                                                    : nullptr;
  }
};

ReasoningBlocks::ReasoningBlocks() = default;
ReasoningBlocks::~ReasoningBlocks() = default;
ReasoningBlocks::ReasoningBlocks(ReasoningBlocks&&) noexcept = default;
ReasoningBlocks& ReasoningBlocks::operator=(ReasoningBlocks&&) noexcept = default;

void ReasoningBlocks::add(std::string_view json)
{
  if (!state_)
    state_ = std::make_unique<State>();
  auto fragment = parse_block(json, state_->reader);
  auto place = State::place_of(fragment);
  const bool has_place = place != State::Place();
  auto* const known = has_place ? state_->find(fragment, place) : state_->find_previous(fragment);
  if (known) {
    merge(*known, std::move(fragment));
    return;
  }
  if (has_place)
    state_->by_place.insert_or_assign(std::move(place), state_->blocks.size());
  state_->blocks.push_back(std::move(fragment));
}

std::string ReasoningBlocks::text() const
{
  if (!state_)
    return {};
  std::string text = "[";
  for (const auto& block : state_->blocks) {
    if (text.size() > 1)
      text += ',';
    append_block(text, block);
  }
  text += ']';
  return text;
}

}  // namespace asyncllm::provider
