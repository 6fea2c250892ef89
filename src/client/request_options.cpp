#include <asyncllm/client/request_options.hpp>

#include <nlohmann/json.hpp>

namespace asyncllm {

RequestOptions& RequestOptions::extra(const nlohmann::json& fields)
{
  // Whether it is an object is checked with the other values, when the call is awaited.
  parameters_.extra = fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return *this;
}

}  // namespace asyncllm
