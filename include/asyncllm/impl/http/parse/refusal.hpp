// Why the bytes of a response are refused.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::http {

struct Refusal {
  std::string why;         ///< "its header ...", to follow a colon
  bool too_large = false;  ///< a limit was exceeded; otherwise it is not HTTP/1.1
};

/// `what` is longer than `limit`, a setting of `Limits` with that name.
inline Refusal over_limit(std::string_view what, std::size_t limit, std::string_view name)
{
  return {
      std::string(what) + " than " + std::to_string(limit) + " (Limits::" + std::string(name) + ")",
      true};
}

}  // namespace asyncllm::http
