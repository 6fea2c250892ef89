// A JSON reader that one reply hands on to the next, with its memory.
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

  /// For `Wire::decode`. Not to be held over anything that is awaited.
  json::Reader& get() noexcept { return *reader_; }

 private:
  std::unique_ptr<json::Reader> reader_;
};

}  // namespace asyncllm::provider
