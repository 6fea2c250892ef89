// A JSON reader that is reused, with its memory, from reply to reply.
#pragma once

#include <memory>

namespace asyncllm::inline v0_1::json {
class Reader;
}

namespace asyncllm::inline v0_1::provider {

class KeptReader {
 public:
  KeptReader();
  ~KeptReader();
  KeptReader(const KeptReader&) = delete;
  KeptReader& operator=(const KeptReader&) = delete;

  /// For `Wire::decode`. Do not hold it across a `co_await`.
  json::Reader& get() noexcept { return *reader_; }

 private:
  std::unique_ptr<json::Reader> reader_;
};

}  // namespace asyncllm::provider
