#include "provider/reasoning_blocks.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <utility>
#include <vector>

namespace asyncllm::provider {

using OrderedJson = nlohmann::ordered_json;

struct ReasoningBlocks::State {
  std::vector<OrderedJson> blocks;
  std::map<std::pair<std::string, std::string>, std::size_t> by_index_and_type;
};

ReasoningBlocks::ReasoningBlocks() = default;
ReasoningBlocks::~ReasoningBlocks() = default;
ReasoningBlocks::ReasoningBlocks(ReasoningBlocks&&) noexcept = default;
ReasoningBlocks& ReasoningBlocks::operator=(ReasoningBlocks&&) noexcept = default;

void ReasoningBlocks::add(std::string_view json)
{
  auto fragment = OrderedJson::parse(json, nullptr, false);
  if (fragment.is_discarded())  // a part that nobody could send back
    return;
  if (!state_)
    state_ = std::make_unique<State>();
  auto& blocks = state_->blocks;
  if (fragment.is_object() && fragment.contains("index")) {
    const auto type = fragment.contains("type") ? fragment["type"].dump() : "";
    const auto [known, is_new] =
        state_->by_index_and_type.try_emplace({fragment["index"].dump(), type}, blocks.size());
    if (!is_new) {
      auto& block = blocks[known->second];
      for (auto& [name, value] : fragment.items()) {
        auto& member = block[name];
        const bool grows = name == "text" || name == "summary" || name == "data";
        if (grows && member.is_string() && value.is_string())
          member.get_ref<std::string&>() += value.get_ref<const std::string&>();
        else if (!value.is_null() && (member.is_null() || member == ""))
          member = std::move(value);
      }
      return;
    }
  }
  blocks.push_back(std::move(fragment));
}

std::string ReasoningBlocks::text() const
{
  if (!state_)
    return {};
  return OrderedJson(state_->blocks).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace asyncllm::provider
