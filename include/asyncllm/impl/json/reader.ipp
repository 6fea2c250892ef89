#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/json/syntax.hpp>

#include <algorithm>

namespace asyncllm::inline v0_1::json {

Key Reader::unescaped_key(simdjson::ondemand::field& field) const
{
  const std::string_view unescaped = field.unescaped_key();
  auto& name = unescaped_keys_.emplace_front(unescaped);
  std::replace(name.begin(), name.end(), '"', '\0');  // no known name has one
  name += '"';
  name.append(simdjson::SIMDJSON_PADDING, '\0');
  return Key(name.data());
}

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
