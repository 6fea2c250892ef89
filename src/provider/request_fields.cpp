#include "provider/request_fields.hpp"

#include <nlohmann/json.hpp>

namespace asyncllm::provider {

void merge_extra(std::string& body, std::size_t begin, const std::string& extra)
{
  auto merged = nlohmann::json::parse(std::string_view(body).substr(begin));
  merged.update(nlohmann::json::parse(extra), true);
  body.replace(begin, body.npos, merged.dump());
}

}  // namespace asyncllm::provider
