// Typed answers in a conversation: Conversation::ask_async.
#pragma once

#include <asyncllm/agent/ask.hpp>
#include <asyncllm/agent/conversation.hpp>

#include <asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1 {

template <class T>
asio::awaitable<T> Conversation::ask_async(std::string text, AskOptions options)
{
  return detail::value_of(detail::ask_typed<T>(
      [state = state_, its_text = std::move(text), its_options = std::move(options)](
          const std::string& json_schema, std::function<void(std::string_view)> accept) mutable {
        return ask(
            std::move(state),
            std::move(its_text),
            std::move(its_options),
            json_schema,
            std::move(accept));
      }));
}

}  // namespace asyncllm
