// What a call asks for.
#pragma once

#include <asyncllm/impl/provider/request/request_template.hpp>
#include <asyncllm/impl/provider/wire.hpp>
#include <asyncllm/model/chat_request.hpp>
#include <asyncllm/options/request_options.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace asyncllm::inline v0_1::client {

class ClientState;

/// What a `PreparedChat` is made of.
struct PreparedState {
  std::weak_ptr<const ClientState> client;  // that prepared it
  std::string model;
  Messages before;
  RequestOptions options;
  /// Nothing where a question has to be written with all the rest.
  std::optional<provider::RequestTemplate> whole, streamed;
};

/// A question in a prepared chat, with no parameters of its own.
struct PreparedRequest {
  std::string question;
  std::shared_ptr<const PreparedState> chat;
};

using OwnedChat = std::unique_ptr<const ChatRequest>;
using OwnedPrompt = std::unique_ptr<const GenerateRequest>;
/// Any request that is answered by a reply. Small: thousands may wait for their answers.
using AnyRequest = std::variant<OwnedChat, OwnedPrompt, PreparedRequest>;

inline const std::string& model_of(const AnyRequest& request)
{
  if (const auto* const chat = std::get_if<OwnedChat>(&request))
    return (*chat)->model;
  if (const auto* const prompt = std::get_if<OwnedPrompt>(&request))
    return (*prompt)->model;
  return std::get<PreparedRequest>(request).chat->model;
}

inline provider::Operation operation_of(const AnyRequest& request)
{
  return std::holds_alternative<OwnedPrompt>(request) ? provider::Operation::generate
                                                      : provider::Operation::chat;
}

/// The options of a call. Those of a prepared chat are not copied.
using SharedOptions = std::shared_ptr<const RequestOptions>;

inline SharedOptions share(RequestOptions options)
{
  return std::make_shared<const RequestOptions>(std::move(options));
}
inline SharedOptions options_of(const std::shared_ptr<const PreparedState>& chat)
{
  return SharedOptions(chat, &chat->options);
}

/// A request with its options.
struct Question {
  AnyRequest request;
  SharedOptions options;
};

}  // namespace asyncllm::client
