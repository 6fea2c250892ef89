#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/impl/client/stray_text.hpp>
#include <asyncllm/impl/stream/event_limit.hpp>

#include <algorithm>

namespace asyncllm::inline v0_1::client {

std::optional<std::string_view> StrayText::add(std::string_view line)
{
  if (!is_open_) {
    const auto text = detail::trim(line);
    if (!text.starts_with('{') && !text.starts_with('[')) {
      add_words(text);
      return std::nullopt;
    }
    is_open_ = true;
    document_.clear();
    syntax_ = json::SyntaxChecker();
  }
  stream::check_event_size(document_.size() + line.size() + 1, limit_);
  document_.append(line).push_back('\n');
  syntax_.feed(line);
  syntax_.feed("\n");
  if (syntax_.has_failed()) {
    end();
    return std::nullopt;
  }
  if (!syntax_.is_complete())
    return std::nullopt;
  is_open_ = false;
  return document_;
}

void StrayText::end()
{
  if (is_open_)
    add_words(detail::trim(document_));
  is_open_ = false;
}

void StrayText::add_words(std::string_view line)
{
  constexpr std::size_t most = 4096;
  if (line.empty() || words_.size() >= most)
    return;
  if (!words_.empty())
    words_ += '\n';
  words_ += line.substr(0, most - std::min(words_.size(), most));
}

}  // namespace asyncllm::client
