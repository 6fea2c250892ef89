#include "json/reader.hpp"

#include <nlohmann/json.hpp>

namespace asyncllm::json {

std::string_view raw_json(Value value)
{
  const std::string_view text = simdjson::to_json_string(value).value();
  if (!nlohmann::json::accept(text))
    throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  return text;
}

}  // namespace asyncllm::json
