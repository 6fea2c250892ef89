#include "json/reader.hpp"

#include "json/syntax.hpp"

namespace asyncllm::json {

std::string_view raw_json(Value value)
{
  const std::string_view text = simdjson::to_json_string(value).value();
  if (!is_json(text))
    throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  return text;
}

}  // namespace asyncllm::json
