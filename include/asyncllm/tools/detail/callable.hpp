// From any callable to a tool's function: its parameter, its schema, its result as text.
#pragma once

#include <asyncllm/schema/from_json.hpp>
#include <asyncllm/schema/json_schema.hpp>
#include <asyncllm/schema/to_json.hpp>
#include <asyncllm/tools/tool_result.hpp>

#include <asio/awaitable.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace asyncllm::inline v0_1::detail {

template <class... Ts>
struct Types {};

// The parameters of a function or of a class with one operator().
template <class F>
struct ParametersOf {};
template <class F>
  requires requires { &F::operator(); }
struct ParametersOf<F> : ParametersOf<decltype(&F::operator())> {};
template <class R, class... Ps>
struct ParametersOf<R (*)(Ps...)> {
  using Type = Types<Ps...>;
};
template <class R, class... Ps>
struct ParametersOf<R (*)(Ps...) noexcept> : ParametersOf<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct ParametersOf<R (C::*)(Ps...)> : ParametersOf<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct ParametersOf<R (C::*)(Ps...) const> : ParametersOf<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct ParametersOf<R (C::*)(Ps...) noexcept> : ParametersOf<R (*)(Ps...)> {};
template <class C, class R, class... Ps>
struct ParametersOf<R (C::*)(Ps...) const noexcept> : ParametersOf<R (*)(Ps...)> {};

template <class P>
concept ToolParameter = schema::Described<std::remove_cvref_t<P>>;

// How a function is called: with or without arguments and context.
template <class Parameters>
struct ToolSignature {
  static constexpr bool known = false;
};
template <>
struct ToolSignature<Types<>> {
  static constexpr bool known = true, has_context = false;
  using Arguments = void;
};
template <>
struct ToolSignature<Types<ToolContext&>> {
  static constexpr bool known = true, has_context = true;
  using Arguments = void;
};
template <ToolParameter P>
struct ToolSignature<Types<P>> {
  static constexpr bool known = true, has_context = false;
  using Arguments = std::remove_cvref_t<P>;
};
template <ToolParameter P>
struct ToolSignature<Types<P, ToolContext&>> {
  static constexpr bool known = true, has_context = true;
  using Arguments = std::remove_cvref_t<P>;
};

template <class F>
struct SignatureOf {
  static constexpr bool known = false;
};
template <class F>
  requires requires { typename ParametersOf<std::decay_t<F>>::Type; }
struct SignatureOf<F> : ToolSignature<typename ParametersOf<std::decay_t<F>>::Type> {};

template <class T>
inline constexpr bool is_awaitable = false;
template <class T, class Executor>
inline constexpr bool is_awaitable<asio::awaitable<T, Executor>> = true;

template <class T>
ToolResult to_tool_result(T value)
{
  if constexpr (std::same_as<T, ToolResult>)
    return value;
  else if constexpr (schema::Coded<T>)  // it may also convert to a string
    return ToolResult::text(schema::to_json(value));
  else if constexpr (std::convertible_to<T, std::string>)
    return ToolResult::text(std::move(value));
  else
    return ToolResult::text(schema::to_json(value));
}

template <class Result>
asio::awaitable<ToolResult> to_tool_result_later(asio::awaitable<Result> task)
{
  if constexpr (std::is_void_v<Result>) {
    co_await std::move(task);
    co_return ToolResult::text("done");
  } else {
    auto value = co_await std::move(task);
    co_return to_tool_result(std::move(value));
  }
}

// A coroutine of its own, so that an exception of the function comes out of it, when it is awaited.
template <class Start>
asio::awaitable<ToolResult> run_tool(Start start)
{
  using Returned = std::invoke_result_t<Start&>;
  if constexpr (is_awaitable<Returned>) {
    auto task = start();
    auto result = to_tool_result_later(std::move(task));
    co_return co_await std::move(result);
  } else if constexpr (std::is_void_v<Returned>) {
    start();
    co_return ToolResult::text("done");
  } else {
    co_return to_tool_result(start());
  }
}

template <class F>
std::string parameters_of()
{
  using Signature = SignatureOf<F>;
  static_assert(
      Signature::known,
      "asyncllm: a tool's function takes a type that ASYNCLLM_DESCRIBE describes, a ToolContext&, "
      "both in this order, or nothing; a lambda with auto parameters has no such type");
  if constexpr (Signature::known) {
    if constexpr (!std::is_void_v<typename Signature::Arguments>)
      return schema::json_schema<typename Signature::Arguments>();
  }
  return {};
}

// Arguments to a call. The function and the arguments are shared, since std::function copies.
template <class F>
auto bind_tool(F function)
{
  using Signature = SignatureOf<F>;
  using Call = std::function<asio::awaitable<ToolResult>(ToolContext&)>;
  auto shared = std::make_shared<F>(std::move(function));
  return [shared]([[maybe_unused]] std::string_view text) -> Call {
    if constexpr (!Signature::known) {
      return {};  // parameters_of() says what is wrong
    } else if constexpr (std::is_void_v<typename Signature::Arguments>) {
      return [shared](ToolContext& context) {
        return run_tool([shared, &context]() -> decltype(auto) {
          (void)context;
          if constexpr (Signature::has_context)
            return (*shared)(context);
          else
            return (*shared)();
        });
      };
    } else {
      using Arguments = typename Signature::Arguments;
      auto arguments = std::make_shared<Arguments>(schema::from_json<Arguments>(text));
      return [shared, arguments](ToolContext& context) {
        return run_tool([shared, arguments, &context]() -> decltype(auto) {
          (void)context;
          if constexpr (Signature::has_context)
            return (*shared)(std::move(*arguments), context);
          else
            return (*shared)(std::move(*arguments));
        });
      };
    }
  };
}

}  // namespace asyncllm::detail
