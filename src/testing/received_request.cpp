#include <asyncllm/testing/received_request.hpp>

#include "testing/ascii.hpp"

namespace asyncllm::testing {

std::string_view ReceivedRequest::path() const noexcept
{
  const std::string_view whole = target;
  return whole.substr(0, whole.find('?'));
}

std::string_view ReceivedRequest::header(std::string_view name) const noexcept
{
  for (const auto& [key, value] : headers) {
    if (same_ignoring_case(key, name)) {
      return value;
    }
  }
  return std::string_view();
}

}  // namespace asyncllm::testing
