// What a prepared chat is made of, and the request that it makes of a question.
#pragma once

#include <asyncllm/client/prepared_chat.hpp>
#include <asyncllm/client/request_options.hpp>
#include <asyncllm/model/chat_request.hpp>

#include "provider/request_template.hpp"
#include "provider/wire.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace asyncllm {

struct PreparedChat::State {
  std::string model;
  Messages before;
  RequestOptions defaults;
  /// Nothing where a question has to be written with all the rest.
  std::optional<provider::RequestTemplate> whole, streamed;
};

/// A question in a prepared chat, with no parameters of its own.
struct PreparedRequest {
  std::string model;
  std::string question;
  std::shared_ptr<const PreparedChat::State> chat;
};

/// Whatever is answered by a reply.
using AnyRequest = std::variant<ChatRequest, GenerateRequest, PreparedRequest>;

}  // namespace asyncllm
