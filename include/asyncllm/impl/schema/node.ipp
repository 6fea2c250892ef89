#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/json/repair.hpp>
#include <asyncllm/impl/json/syntax.hpp>
#include <asyncllm/impl/json/writer.hpp>
#include <asyncllm/schema/detail/node.hpp>

#include <nlohmann/json.hpp>

#include <cmath>

namespace asyncllm::inline v0_1::schema::detail {
namespace {

using Json = nlohmann::json;

const Json& json_of(const void* json)
{
  return *static_cast<const Json*>(json);
}

// The value in a few words.
std::string shown(const Json& json)
{
  constexpr std::size_t longest = 80;
  if (json.is_object())
    return "an object";
  if (json.is_array())
    return "an array";
  auto text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > longest) {
    text.resize(longest);
    text = json::to_utf8(text) + "...";
  }
  return text;
}

}  // namespace

struct Document::Tree {
  Json root;
};

Document::Document(std::string_view text) : tree_(std::make_unique<Tree>())
{
  if (!json::is_json(text))
    throw Error(ErrorKind::invalid_output, "the text is not JSON");
  try {
    tree_->root = Json::parse(text);
  } catch (const Json::exception&) {  // it is JSON
    throw Error(ErrorKind::invalid_output, "the text holds a number beyond what can be read");
  }
}

Document::~Document() = default;

Node Document::root() const noexcept
{
  return Node(&tree_->root);
}

Kind Node::kind() const noexcept
{
  switch (json_of(json_).type()) {
    case Json::value_t::boolean: return Kind::boolean;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return Kind::integer;
    case Json::value_t::number_float: return Kind::number;
    case Json::value_t::string: return Kind::text;
    case Json::value_t::array: return Kind::array;
    case Json::value_t::object: return Kind::object;
    default: return Kind::null;
  }
}

bool Node::boolean() const noexcept
{
  return *json_of(json_).get_ptr<const Json::boolean_t*>();
}

std::optional<std::int64_t> Node::integer() const noexcept
{
  const auto& json = json_of(json_);
  if (const auto* const natural = json.get_ptr<const Json::number_unsigned_t*>())
    return *natural <= INT64_MAX ? std::optional(static_cast<std::int64_t>(*natural))
                                 : std::nullopt;
  if (const auto* const integer = json.get_ptr<const Json::number_integer_t*>())
    return *integer;
  const auto* const real = json.get_ptr<const Json::number_float_t*>();
  if (!real || std::trunc(*real) != *real || !(std::abs(*real) < 9.2e18))
    return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

std::optional<std::uint64_t> Node::unsigned_integer() const noexcept
{
  if (const auto* const natural = json_of(json_).get_ptr<const Json::number_unsigned_t*>())
    return *natural;
  const auto integer_here = integer();
  return integer_here && *integer_here >= 0
             ? std::optional(static_cast<std::uint64_t>(*integer_here))
             : std::nullopt;
}

double Node::number() const noexcept
{
  const auto& json = json_of(json_);
  if (const auto* const natural = json.get_ptr<const Json::number_unsigned_t*>())
    return static_cast<double>(*natural);
  if (const auto* const integer = json.get_ptr<const Json::number_integer_t*>())
    return static_cast<double>(*integer);
  return *json.get_ptr<const Json::number_float_t*>();
}

const std::string& Node::text() const noexcept
{
  return *json_of(json_).get_ptr<const Json::string_t*>();
}

std::size_t Node::size() const noexcept
{
  return json_of(json_).size();
}

Node Node::element(std::size_t index) const noexcept
{
  return Node(&(*json_of(json_).get_ptr<const Json::array_t*>())[index], *this, {}, index);
}

std::vector<std::string_view> Node::names() const
{
  std::vector<std::string_view> names;
  for (const auto& [name, value] : *json_of(json_).get_ptr<const Json::object_t*>())
    names.push_back(name);
  return names;
}

std::optional<Node> Node::find(std::string_view name) const
{
  const auto& members = *json_of(json_).get_ptr<const Json::object_t*>();
  const auto found = members.find(std::string(name));
  return found == members.end() ? std::nullopt
                                : std::optional(Node(&found->second, *this, found->first, 0));
}

std::string Node::json() const
{
  return json_of(json_).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Node::path() const
{
  if (!parent_)
    return "$";
  auto path = parent_->path();
  if (name_.data())
    return path.append(".").append(name_);
  return path.append("[").append(std::to_string(index_)).append("]");
}

void Node::fail(std::string_view expected) const
{
  throw Error(
      ErrorKind::invalid_output,
      path() + ": expected " + std::string(expected) + ", got " + shown(json_of(json_)));
}

void Node::fail_with(std::string_view words) const
{
  throw Error(ErrorKind::invalid_output, path() + ": " + std::string(words));
}

void Node::fail_missing(std::string_view name) const
{
  throw Error(ErrorKind::invalid_output, path() + '.' + std::string(name) + " is missing");
}

void append_text(std::string& out, std::string_view text)
{
  if (json::is_utf8(text))
    json::append_string(out, text);
  else
    json::append_string(out, json::to_utf8(text));
}

void append_number(std::string& out, double number)
{
  if (std::isfinite(number))
    json::Writer(out).value(number);
  else
    out += "null";
}

}  // namespace asyncllm::schema::detail
