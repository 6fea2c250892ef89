// A provider's wire as pure translation: values in, bytes out, and back.
#pragma once

#include <asyncllm/model/chat_request.hpp>
#include <asyncllm/model/reply.hpp>

#include "provider/delta_decoder.hpp"
#include "provider/preset.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::provider {

enum class Delivery { whole, streamed };

class Wire {
 public:
  virtual ~Wire() = default;

  /// Behind the base URL's path.
  virtual std::string_view chat_path() const = 0;
  virtual std::string_view models_path() const = 0;

  /// Appends the body that asks for a reply. Throws `Error{invalid_argument}` when a text is
  /// not UTF-8. A parameter that is not set is not written.
  virtual void encode(
      const ChatRequest& request,
      const Preset& preset,
      Delivery delivery,
      std::string& out) const = 0;

  /// The reply in the body of a 2xx answer. Throws `Error`: bad_response when it is not what this
  /// wire sends, incomplete with the text so far when the server says that it is not done, and
  /// what the server says when it hides an error in there. `body` gets spare bytes behind its end.
  virtual Reply decode(std::string& body) const = 0;

  /// What reads a streamed reply.
  virtual std::unique_ptr<DeltaDecoder> deltas() const = 0;

  /// The names of the models in the body of the answer to `models_path`.
  virtual std::vector<std::string> decode_models(std::string& body) const = 0;
};

const Wire& wire_of(const Preset& preset) noexcept;

}  // namespace asyncllm::provider
