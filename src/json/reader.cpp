#include "json/reader.hpp"

#include "json/syntax.hpp"

namespace asyncllm::json {

std::string_view text_or_digits(Value value)
{
  if (value.type() == simdjson::ondemand::json_type::number)
    return raw_json(value);
  return text_if(value).value_or("");
}

std::string_view raw_json(Value value)
{
  const std::string_view text = simdjson::to_json_string(value).value();
  if (!is_json(text))
    throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
  return text;
}

}  // namespace asyncllm::json
