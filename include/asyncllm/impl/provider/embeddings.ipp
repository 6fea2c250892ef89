#include <asyncllm/core/error.hpp>
#include <asyncllm/impl/core/base64.hpp>
#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/embeddings.hpp>
#include <asyncllm/impl/provider/errors/errors.hpp>
#include <asyncllm/impl/provider/openai/openai_fields.hpp>
#include <asyncllm/impl/provider/reply/reply_fields.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1::provider {
namespace {

[[noreturn]] void fail(const char* what)
{
  throw Error(ErrorKind::bad_response, std::string("the answer has no embeddings: ") + what);
}

// Little-endian 32-bit floats in base64.
std::vector<float> floats_in(std::string_view text)
{
  const auto bytes = detail::from_base64(text);
  if (!bytes)
    fail("a vector is not base64");
  if (bytes->size() % 4 != 0)
    fail("a vector ends within a number");
  std::vector<float> vector;
  vector.reserve(bytes->size() / 4);
  for (std::size_t at = 0; at < bytes->size(); at += 4) {
    std::uint32_t word = 0;
    for (std::size_t i = 4; i-- > 0;)
      word = word << 8 | static_cast<unsigned char>((*bytes)[at + i]);
    vector.push_back(std::bit_cast<float>(word));
  }
  return vector;
}

std::vector<float> read_vector(json::Value value)
{
  if (const auto text = json::text_if(value))
    return floats_in(*text);
  if (!json::is_array(value))
    fail("a vector is neither an array nor base64");
  std::vector<float> vector;
  for (json::Value number : value.get_array())
    vector.push_back(static_cast<float>(number.get_double().value()));
  return vector;
}

// Calls `read(key, value)` for each field of the body but an error, which it throws.
template <class Read>
void read_fields(std::string& body, Embeddings& embeddings, Read read)
{
  bool is_error = false;
  json::read_object(body, [&](json::Object answer) {
    embeddings = Embeddings();
    for (auto field : answer) {
      const std::string_view key = field.unescaped_key();
      json::Value value = field.value();
      if (key == "error")
        is_error = provider::is_error(value);
      else if (key == "model")
        embeddings.model = json::text_if(value).value_or("");
      else
        read(key, value);
    }
  });
  if (is_error)
    throw hidden_error(body);
}

}  // namespace

Embeddings read_openai_embeddings(std::string& body)
{
  Embeddings embeddings;
  std::map<std::int64_t, std::vector<float>> by_index;
  bool found = false;
  read_fields(body, embeddings, [&](std::string_view key, json::Value value) {
    if (key == "usage")
      read_usage(value, embeddings.usage);
    if (key != "data" || !json::is_array(value))
      return;
    found = true;
    by_index.clear();
    std::int64_t next = 0;
    for (json::Value item : value.get_array()) {
      auto index = next++;
      std::optional<std::vector<float>> vector;
      for (auto field : item.get_object()) {
        const std::string_view name = field.unescaped_key();
        if (name == "index")
          index = json::integer_if(field.value()).value_or(index);
        else if (name == "embedding")
          vector = read_vector(field.value());
      }
      if (!vector)
        fail("an element has no vector");
      if (!by_index.emplace(index, *std::move(vector)).second)
        fail("two vectors have one index");
    }
  });
  if (!found)
    fail("there is no \"data\"");
  for (auto& [index, vector] : by_index)
    embeddings.vectors.push_back(std::move(vector));
  return embeddings;
}

Embeddings read_ollama_embeddings(std::string& body)
{
  Embeddings embeddings;
  bool found = false;
  read_fields(body, embeddings, [&](std::string_view key, json::Value value) {
    if (key == "prompt_eval_count") {
      if (const auto count = json::integer_if(value)) {
        embeddings.usage.input_tokens = *count;
        embeddings.usage.reported = true;
      }
    } else if (key == "embeddings" && json::is_array(value)) {
      found = true;
      for (json::Value vector : value.get_array())
        embeddings.vectors.push_back(read_vector(vector));
    }
  });
  if (!found)
    fail("there is no \"embeddings\"");
  return embeddings;
}

}  // namespace asyncllm::provider
