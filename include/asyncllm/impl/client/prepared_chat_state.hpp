// What a prepared chat is made of, and the request that it makes of a question.
#pragma once

#include <asyncllm/client/client.hpp>
#include <asyncllm/client/prepared_chat.hpp>
#include <asyncllm/impl/provider/request/request_template.hpp>
#include <asyncllm/impl/provider/wire.hpp>
#include <asyncllm/model/chat_request.hpp>
#include <asyncllm/options/request_options.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace asyncllm::inline v0_1 {

struct PreparedChat::State {
  std::weak_ptr<const Client::State> client;  // that prepared it
  std::string model;
  Messages before;
  RequestOptions defaults;
  /// Nothing where a question has to be written with all the rest.
  std::optional<provider::RequestTemplate> whole, streamed;
};

/// A question in a prepared chat, with no parameters of its own.
struct PreparedRequest {
  std::string question;
  std::shared_ptr<const PreparedChat::State> chat;
};

using OwnedChat = std::unique_ptr<const ChatRequest>;
using OwnedPrompt = std::unique_ptr<const GenerateRequest>;
/// Whatever is answered by a reply. Small: thousands may wait for their answers.
using AnyRequest = std::variant<OwnedChat, OwnedPrompt, PreparedRequest>;

inline const std::string& model_of(const AnyRequest& request)
{
  if (const auto* const chat = std::get_if<OwnedChat>(&request))
    return (*chat)->model;
  if (const auto* const prompt = std::get_if<OwnedPrompt>(&request))
    return (*prompt)->model;
  return std::get<PreparedRequest>(request).chat->model;
}

/// The options of a call: mostly those of its prepared chat, of which no copy is made.
using SharedOptions = std::shared_ptr<const RequestOptions>;

inline SharedOptions share(RequestOptions options)
{
  return std::make_shared<const RequestOptions>(std::move(options));
}

}  // namespace asyncllm
