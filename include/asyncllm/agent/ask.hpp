// Typed answers: LlmAgent::ask_async and ask_reply_async.
#pragma once

#include <asyncllm/agent/agent.hpp>
#include <asyncllm/agent/ask_options.hpp>
#include <asyncllm/core/export.hpp>
#include <asyncllm/schema/from_json.hpp>
#include <asyncllm/schema/json_schema.hpp>

#include <asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1 {

/// A typed answer with the reply that it was read from.
template <class T>
struct TypedReply {
  T value;
  Reply reply;    ///< the last one
  int tries = 1;  ///< how many replies it took
  Usage usage;    ///< of all of them
};

namespace detail {

/// A root that is not an object, which no server accepts, becomes one.
template <class T>
struct Wrapped {
  T value{};
  ASYNCLLM_DESCRIBE_INSIDE(Wrapped, value)
};
template <class T>
using Root = std::conditional_t<schema::Described<T>, T, Wrapped<T>>;

/// What `LlmAgent::ask` returns: the reply that `accept` took. `accept` throws
/// `Error{invalid_output}` for a text that does not have the form.
struct Asked {
  Reply reply;
  std::string text;  // the answer, which the text of the reply or the arguments of a call hold
  int tries = 0;
  Usage usage;
};

/// `ask(json_schema, accept)` gives an awaitable of Asked.
template <class T, class Ask>
asio::awaitable<TypedReply<T>> ask_typed(Ask ask)
{
  std::optional<Root<T>> root;
  std::function<void(std::string_view)> accept = [&root](std::string_view json) {
    root = schema::from_json<Root<T>>(json);
  };
  auto asking = ask(schema::json_schema<Root<T>>(), std::move(accept));
  auto asked = co_await std::move(asking);
  const auto value = [&]() -> T&& {
    if constexpr (schema::Described<T>)
      return std::move(*root);
    else
      return std::move(root->value);
  };
  co_return TypedReply<T>{value(), std::move(asked.reply), asked.tries, asked.usage};
}

template <class T>
asio::awaitable<T> value_of(asio::awaitable<TypedReply<T>> asking)
{
  auto typed = co_await std::move(asking);
  co_return std::move(typed.value);
}

}  // namespace detail

template <class T>
asio::awaitable<TypedReply<T>> LlmAgent::ask_reply_async(
    std::string question, AskOptions options) const
{
  return detail::ask_typed<T>([agent = *this,
                               messages = Messages().user(std::move(question)),
                               its_options = std::move(options)](
                                  const std::string& json_schema,
                                  std::function<void(std::string_view)> accept) mutable {
    return agent.ask(std::move(messages), std::move(its_options), json_schema, std::move(accept));
  });
}

template <class T>
asio::awaitable<T> LlmAgent::ask_async(std::string question, AskOptions options) const
{
  return detail::value_of(ask_reply_async<T>(std::move(question), std::move(options)));
}

}  // namespace asyncllm
