// Status line and header fields of an HTTP answer: what http hands to provider.
#pragma once

#include <asyncllm/core/header_list.hpp>

#include <string>

namespace asyncllm::inline v0_1 {

struct ResponseHead {
  int status = 0;
  std::string reason;  ///< as the server wrote it, may be empty
  HeaderList headers;
};

}  // namespace asyncllm
