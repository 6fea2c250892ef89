#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/merge.hpp>
#include <asyncllm/impl/json/repair.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/provider/request/request_fields.hpp>

namespace asyncllm::inline v0_1::provider {

void append_text(
    std::string& out, const std::string& text, std::string_view what, bool replaces_invalid)
{
  if (json::is_utf8(text))
    json::append_string(out, text);
  else if (replaces_invalid)
    json::append_string(out, json::to_utf8(text));
  else
    throw Error(
        ErrorKind::invalid_argument,
        std::string(what) +
            " is not valid UTF-8; replace_invalid_utf8(true) sends it with U+FFFD in place of "
            "invalid bytes");
}

void RequestWriter::text(const std::string& its_text, std::string_view what)
{
  begin_value();
  append_text(out_, its_text, what, parameters_.replace_invalid_utf8.value_or(false));
}

void RequestWriter::json_member(
    std::string_view name, const std::string& value, std::string_view what)
{
  if (!json::is_json(value))
    throw Error(ErrorKind::invalid_argument, std::string(what) + " is not JSON");
  key(name).raw(value);
}

void RequestWriter::schema_member(std::string_view name, const ToolDefinition& tool)
{
  if (tool.parameters.empty())
    key(name).raw(R"({"type":"object","properties":{}})");
  else if (json::is_json_object(tool.parameters))
    key(name).raw(tool.parameters);
  else
    throw Error(
        ErrorKind::invalid_argument,
        "the parameters of the tool \"" + tool.name + "\" are not a JSON object");
}

void RequestWriter::function_tools(std::string_view only)
{
  if (parameters_.tools.empty())
    return;
  key("tools").begin_array();
  for (const auto& tool : parameters_.tools) {
    if (!only.empty() && tool.name != only)
      continue;
    begin_object().member("type", "function").key("function").begin_object();
    member("name", tool.name);
    if (!tool.description.empty())
      text_member("description", tool.description, "the description of a tool");
    schema_member("parameters", tool);
    if (tool.strict)
      member("strict", true);
    end_object().end_object();
  }
  end_array();
}

void RequestWriter::stop_member(std::string_view name)
{
  if (parameters_.stop.empty())
    return;
  key(name).begin_array();
  for (const auto& stop : parameters_.stop)
    text(stop, "a stop text");
  end_array();
}

std::size_t RequestWriter::begin_extended()
{
  begin_object();
  return out_.size() - 1;
}

void RequestWriter::end_extended(std::size_t began, const std::string& extra)
{
  end_object();
  if (!extra.empty())
    merge_extra(out_, began, extra);
}

void RequestWriter::finish()
{
  end_extended(begin_, parameters_.extra);
}

void merge_extra(std::string& body, std::size_t begin, const std::string& extra)
{
  if (!json::is_json_object(extra))
    throw Error(ErrorKind::invalid_argument, "the extra fields are not a JSON object");
  // As text: a model may answer differently when the members of a schema change order, and a number
  // that was read and written loses digits.
  body.replace(begin, body.npos, json::merged(std::string_view(body).substr(begin), extra));
}

void write_embed_fields(RequestWriter& json, const EmbedRequest& request)
{
  json.text_member("model", request.model, "the model's name");
  json.key("input").begin_array();
  for (const auto& text : request.texts)
    json.text(text, "a text to embed");
  json.end_array();
}

}  // namespace asyncllm::provider
