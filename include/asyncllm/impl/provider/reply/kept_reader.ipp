#include <asyncllm/impl/json/reader.hpp>
#include <asyncllm/impl/provider/reply/kept_reader.hpp>

namespace asyncllm::inline v0_1::provider {

KeptReader::KeptReader() : reader_(std::make_unique<json::Reader>()) {}
KeptReader::~KeptReader() = default;

}  // namespace asyncllm::provider
