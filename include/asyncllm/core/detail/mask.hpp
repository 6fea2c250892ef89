// Takes secrets out of texts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::detail {

/// Puts *** in the place of each part of `text` that is made of `length` or more characters in a
/// row of `secret`; of the whole secret where that is shorter. In linear time.
inline void mask_fragments(std::string& text, std::string_view secret, std::size_t length)
{
  length = std::min(length, secret.size());
  if (length == 0 || text.size() < length)
    return;
  if (length == secret.size() && text.find(secret) == text.npos)
    return;
  std::array<bool, 256> is_in_secret{};
  std::vector<std::string_view> fragments;
  for (const char c : secret)
    is_in_secret[static_cast<unsigned char>(c)] = true;
  for (std::size_t at = 0; at + length <= secret.size(); ++at)
    fragments.push_back(secret.substr(at, length));
  std::ranges::sort(fragments);
  const auto is_fragment = [&](std::string_view some) {
    return std::ranges::binary_search(fragments, some);
  };

  const std::string_view all = text;
  std::string masked;
  std::size_t done = 0;  // up to where `masked` says what `text` did
  for (std::size_t at = 0; at + length <= all.size();) {
    if (!is_in_secret[static_cast<unsigned char>(all[at + length - 1])]) {
      at += length;
      continue;
    }
    if (!is_fragment(all.substr(at, length))) {
      ++at;
      continue;
    }
    masked.append(all, done, at - done).append("***");
    for (++at; at + length <= all.size() && is_fragment(all.substr(at, length));)
      ++at;
    at += length - 1;
    done = at;
  }
  if (done != 0)
    text = masked.append(all, done);
}

}  // namespace asyncllm::detail
