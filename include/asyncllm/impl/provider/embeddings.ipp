#include <asyncllm/core/error.hpp>
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

// Little-endian 32-bit floats in base64, with or without padding.
std::vector<float> from_base64(std::string_view text)
{
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('='))
    text.remove_suffix(1);
  std::vector<float> vector;
  vector.reserve(text.size() * 3 / 16);
  std::uint64_t bits = 0;
  unsigned count = 0;      // of the bits that were read
  std::uint32_t word = 0;  // filled from below
  unsigned filled = 0;     // bytes of the word
  for (const char c : text) {
    const auto digit = digits.find(c);
    if (digit == digits.npos)
      fail("a vector is not base64");
    bits = bits << 6 | digit;
    count += 6;
    if (count < 8)
      continue;
    count -= 8;
    word |= static_cast<std::uint32_t>(bits >> count & 0xFF) << (8 * filled);
    if (++filled < 4)
      continue;
    vector.push_back(std::bit_cast<float>(word));
    word = filled = 0;
  }
  if (filled != 0)
    fail("a vector ends within a number");
  return vector;
}

std::vector<float> read_vector(json::Value value)
{
  if (const auto text = json::text_if(value))
    return from_base64(*text);
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
