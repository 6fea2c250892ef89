// A provider's wire as pure translation: values in, bytes out, and back.
#pragma once

#include <asyncllm/core/error.hpp>
#include <asyncllm/core/header_list.hpp>
#include <asyncllm/impl/core/response_head.hpp>
#include <asyncllm/impl/provider/preset.hpp>
#include <asyncllm/impl/provider/reply/delta_decoder.hpp>
#include <asyncllm/model/chat_request.hpp>
#include <asyncllm/model/embeddings.hpp>
#include <asyncllm/model/reply.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace asyncllm::inline v0_1::json {
class Reader;
}

namespace asyncllm::inline v0_1::provider {

/// How a reply is requested.
enum class Delivery {
  whole,
  streamed,
  streamed_without_options,  ///< for a server that does not know stream_options
  /// For a server that can no longer read the encrypted reasoning of earlier turns.
  whole_without_reasoning,
  streamed_without_reasoning,
};

constexpr bool is_streamed(Delivery delivery) noexcept
{
  return delivery != Delivery::whole && delivery != Delivery::whole_without_reasoning;
}
constexpr bool has_reasoning(Delivery delivery) noexcept
{
  return delivery != Delivery::whole_without_reasoning &&
         delivery != Delivery::streamed_without_reasoning;
}

/// How the events of a streamed reply are separated.
enum class Framing {
  events,  ///< server-sent events
  lines,   ///< NDJSON
};

enum class Operation { chat, generate, embed, list_models };

/// A request to be signed.
struct SignedParts {
  std::string_view method, target, body;  ///< the target with path and query; no body in a GET
};

/// A page of the list of models; usually the only one.
struct ModelPage {
  std::vector<std::string> names;
  std::string next;  ///< the query that asks for the next page, "" behind the last one
};

class Wire {
 public:
  virtual ~Wire() = default;

  /// Appends the path of an operation, which follows the base URL's; nothing if this wire has no
  /// such operation. It may depend on the model.
  virtual void append_path(Operation operation, std::string_view model, std::string& out) const = 0;

  /// The header fields of each request: credentials and the version of the API. `api_key` may be
  /// "".
  virtual HeaderList fields(const Preset& preset, std::string_view api_key) const;
  /// Whether each request is signed: `signature` returns further fields, which depend on all of it.
  virtual bool signs() const noexcept { return false; }
  virtual HeaderList signature(const SignedParts&, const Preset&, std::string_view) const
  {
    return {};
  }

  /// Appends the body of a request for a reply. A parameter that is not set is not written; one
  /// that only tunes the answer and that the host does not know is left out. Throws
  /// `Error{invalid_argument}`: a text is not UTF-8, or a value is not one that the host takes;
  /// `Error{unsupported}`: the provider does not support the request.
  virtual void encode(
      const ChatRequest& request,
      const Preset& preset,
      Delivery delivery,
      std::string& out) const = 0;
  virtual void encode(
      const GenerateRequest& request,
      const Preset& preset,
      Delivery delivery,
      std::string& out) const;
  virtual void encode(const EmbedRequest& request, std::string& out) const;

  /// The reply in the body of a 2xx answer. Throws `Error`: bad_response when it is not what this
  /// wire sends, incomplete with the text so far when the server says that it is not done, and what
  /// the server says when the body holds an error. `body` gets spare bytes after its end.
  virtual Reply decode(std::string& body, json::Reader& reader) const = 0;
  /// The same with a reader made for it.
  Reply decode(std::string& body) const;

  /// The vectors in the body of the answer to `Operation::embed`.
  virtual Embeddings decode_embeddings(std::string& body) const;

  virtual Framing framing() const noexcept { return Framing::events; }
  /// What reads a streamed reply.
  virtual std::unique_ptr<DeltaDecoder> deltas() const = 0;

  /// The error of an answer other than 2xx.
  virtual Error decode_error(const ResponseHead& head, std::string_view body) const;

  /// The names of the models in the body of an answer to `Operation::list_models`.
  virtual ModelPage decode_models(std::string& body) const = 0;
};

const Wire& wire_of(const Preset& preset) noexcept;

}  // namespace asyncllm::provider
