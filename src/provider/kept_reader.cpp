#include "provider/kept_reader.hpp"

#include "json/reader.hpp"

namespace asyncllm::provider {

KeptReader::KeptReader() : reader_(std::make_unique<json::Reader>()) {}
KeptReader::~KeptReader() = default;

}  // namespace asyncllm::provider
