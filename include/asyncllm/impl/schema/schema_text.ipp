#include <asyncllm/schema/detail/node.hpp>
#include <asyncllm/schema/detail/schema_text.hpp>

#include <algorithm>
#include <utility>

namespace asyncllm::inline v0_1::schema::detail {

void SchemaText::append_quoted(std::string_view text)
{
  append_text(text_, text);
}

bool SchemaText::refer(TypeId type)
{
  const auto write = [&](const Type& known) {
    append(R"({"$ref":)");
    append_quoted(known.reference);
    append("}");
  };
  if (const auto known = std::ranges::find(defined_, type, &Type::id); known != defined_.end()) {
    write(*known);
    return true;
  }
  const auto known = std::ranges::find(open_, type, &Type::id);
  if (known == open_.end())
    return false;
  if (known->reference.empty())
    known->reference = is_root(*known) ? "#" : "#/$defs/type" + std::to_string(++count_);
  write(*known);
  return true;
}

void SchemaText::end()
{
  auto type = std::move(open_.back());
  open_.pop_back();
  if (type.reference.empty() || is_root(type))
    return;
  if (!definitions_.empty())
    definitions_ += ',';
  append_text(definitions_, type.reference.substr(type.reference.rfind('/') + 1));
  definitions_.append(":").append(text_, type.begin);
  text_.resize(type.begin);
  defined_.push_back(std::move(type));
  refer(defined_.back().id);
}

void SchemaText::make_nullable(std::size_t begin)
{
  constexpr std::string_view start = R"({"type":")";
  constexpr std::string_view enumeration = R"({"type":"string","enum":[)";
  const auto schema = std::string_view(text_).substr(begin);
  if (schema.starts_with(enumeration))
    text_.insert(text_.rfind(']'), ",null");
  if (std::string_view(text_).substr(begin).starts_with(start)) {
    const auto quote = text_.find('"', begin + start.size());
    text_.insert(quote + 1, R"(,"null"])").insert(begin + start.size() - 1, "[");
  } else {
    text_.insert(begin, R"({"anyOf":[)").append(R"(,{"type":"null"}]})");
  }
}

void SchemaText::describe(std::size_t begin, std::string_view description)
{
  if (description.empty() || std::string_view(text_).substr(begin).starts_with(R"({"$ref")"))
    return;
  text_.pop_back();
  append(text_.ends_with('{') ? R"("description":)" : R"(,"description":)");
  append_quoted(description);
  append("}");
}

std::string SchemaText::take()
{
  if (!definitions_.empty()) {
    text_.pop_back();
    text_.append(R"(,"$defs":{)").append(definitions_).append("}}");
  }
  return std::move(text_);
}

}  // namespace asyncllm::schema::detail
