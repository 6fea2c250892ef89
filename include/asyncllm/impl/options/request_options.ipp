#include <asyncllm/options/request_options.hpp>

#include <nlohmann/json.hpp>

namespace asyncllm::inline v0_1 {

RequestOptions& RequestOptions::extra(const nlohmann::ordered_json& fields)
{
  // Whether it is an object is checked with the other values, when the call is awaited.
  using Json = nlohmann::ordered_json;
  parameters_.extra = fields.is_string()
                          ? fields.get<std::string>()
                          : fields.dump(-1, ' ', false, Json::error_handler_t::replace);
  has_parameters_ = true;
  return *this;
}

}  // namespace asyncllm
