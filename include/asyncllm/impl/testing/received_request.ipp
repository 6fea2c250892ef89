#include <asyncllm/testing/received_request.hpp>

namespace asyncllm::inline v0_1::testing {

std::string_view ReceivedRequest::path() const noexcept
{
  const std::string_view whole = target;
  return whole.substr(0, whole.find('?'));
}

std::string_view ReceivedRequest::header(std::string_view name) const noexcept
{
  return headers.find(name).value_or(std::string_view());
}

}  // namespace asyncllm::testing
