// The syntax of JSON against a second opinion, and whole against pieces.
#include <asyncllm/impl/json/syntax.hpp>

#include "fuzz.hpp"

#include <nlohmann/json.hpp>

namespace {

std::size_t depth_of(std::string_view text)
{
  std::size_t depth = 0;
  for (const char c : text)
    depth += c == '[' || c == '{';
  return depth;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  auto text = fuzz::text_of(data, size);
  const auto seed = fuzz::take_choice(text);
  asyncllm::json::SyntaxChecker whole, pieces;
  whole.feed(text);
  fuzz::in_pieces(text, seed, [&](std::string_view piece) { pieces.feed(piece); });
  fuzz::require(
      whole.is_complete() == pieces.is_complete() && whole.has_failed() == pieces.has_failed(),
      "it does not depend on how a text is cut");

  // nlohmann lets a byte 0 end the text, skips a byte order mark, and refuses huge numbers and
  // halves of surrogates.
  const bool is_json = asyncllm::json::is_json(text);
  const bool same_rules = text.find('\0') == text.npos && !text.starts_with("\xEF\xBB\xBF") &&
                          depth_of(text) < asyncllm::json::SyntaxChecker::max_depth &&
                          text.find_first_of("eE") == text.npos && text.find("\\u") == text.npos &&
                          text.size() < 300;
  if (same_rules)
    fuzz::require(is_json == nlohmann::json::accept(text), "another reader says the same");
  return 0;
}
