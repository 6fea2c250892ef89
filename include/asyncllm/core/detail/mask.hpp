// Takes secrets out of texts.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

namespace asyncllm::detail {

/// Puts *** in the place of each part of `text` that is made of `length` or more characters in a
/// row of `secret`; of the whole secret where that is shorter. In linear time.
inline void mask_fragments(std::string& text, std::string_view secret, std::size_t length)
{
  length = std::min(length, secret.size());
  if (length == 0 || text.size() < length)
    return;
  std::unordered_set<std::string_view> fragments;
  for (std::size_t at = 0; at + length <= secret.size(); ++at)
    fragments.insert(secret.substr(at, length));

  const std::string_view all = text;
  std::string masked;
  std::size_t done = 0;  // up to where `masked` says what `text` did
  for (std::size_t at = 0; at + length <= all.size();) {
    if (!fragments.contains(all.substr(at, length))) {
      ++at;
      continue;
    }
    masked.append(all, done, at - done).append("***");
    for (++at; at + length <= all.size() && fragments.contains(all.substr(at, length));)
      ++at;
    at += length - 1;
    done = at;
  }
  if (done != 0)
    text = masked.append(all, done);
}

}  // namespace asyncllm::detail
