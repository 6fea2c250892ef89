// A function of the program that a model may call.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/core/export.hpp>
#include <asyncllm/model/message.hpp>
#include <asyncllm/model/tool_definition.hpp>
#include <asyncllm/tools/detail/callable.hpp>
#include <asyncllm/tools/tool_result.hpp>

#include <asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace asyncllm::inline v0_1 {

/// A function that the model may call in a run (`LlmAgent::run_async`). Its parameter is a
/// described type, from which the model learns the arguments; or it has none. A `ToolContext&` may
/// follow. It returns what goes back to the model: a text, a number, a described type or a
/// container of these (as JSON), a `ToolResult`, nothing; or an awaitable of one of these.
///
/// Throws, when the run calls it: a `ToolError` tells its text to the model. An `asyncllm::Error`
/// ends the run with `tool_failed`. After any other exception the model is told that the tool
/// failed, and nothing more.
/// Cancellation: with the run, terminal. The run waits for the end of its tools.
/// Lifetimes: the function is copied, and kept as long as a run needs it.
/// Threads: the function runs on the run's executor, so it must not block. Without an awaitable it
/// keeps the loop from everything else.
///
///     struct Place { std::string city; };
///     ASYNCLLM_DESCRIBE(Place, (city, "City and country"))
///
///     const Tool weather("weather", "The weather at a place", [](Place place) {
///       return place.city + ": 21 degrees";
///     });
class ASYNCLLM_EXPORT Tool {
 public:
  /// A call whose arguments are known to be right.
  using Call = std::function<asio::awaitable<ToolResult>(ToolContext&)>;
  /// Throws `Error{invalid_output}` for arguments that do not fit.
  using Bind = std::function<Call(std::string_view arguments)>;

  /// `name`: 1 to 64 letters, digits, _ and -. `description` tells the model when to call it.
  template <class F>
  Tool(std::string name, std::string description, F function)
      : Tool(
            ToolDefinition(std::move(name), std::move(description), detail::parameters_of<F>()),
            detail::bind_tool(std::move(function)))
  {}

  /// A tool whose arguments have no type of the program. `json_schema`: that of an object. The
  /// function gets the arguments as the JSON text of an object, which is not checked further.
  static Tool from_schema(
      std::string name,
      std::string description,
      std::string json_schema,
      std::function<asio::awaitable<ToolResult>(std::string arguments, ToolContext& context)>
          function);

  /// How long a call may take. Then it is cancelled, and the model is told. Default: no limit.
  Tool& timeout(std::chrono::milliseconds limit)
  {
    timeout_ = limit;
    return *this;
  }
  /// Whether a call waits for the end of earlier ones and runs alone. Default: false.
  Tool& sequential(bool value)
  {
    sequential_ = value;
    return *this;
  }
  /// Whether `RunOptions::approve` is asked before each call. Default: false.
  Tool& needs_approval(bool value)
  {
    needs_approval_ = value;
    return *this;
  }
  /// See `ToolDefinition::strict`. Default: false.
  Tool& strict(bool value)
  {
    definition_.strict = value;
    return *this;
  }

  const ToolDefinition& definition() const noexcept { return definition_; }
  const std::string& name() const noexcept { return definition_.name; }
  std::optional<std::chrono::milliseconds> timeout() const noexcept { return timeout_; }
  bool sequential() const noexcept { return sequential_; }
  bool needs_approval() const noexcept { return needs_approval_; }
  /// Checks the arguments; what is returned makes the call. "" is taken as {}.
  Call bind(std::string_view arguments) const
  {
    return bind_(arguments.empty() ? std::string_view("{}") : arguments);
  }

 private:
  Tool(ToolDefinition definition, Bind bind)
      : definition_(std::move(definition)), bind_(std::move(bind))
  {}

  ToolDefinition definition_;
  Bind bind_;
  std::optional<std::chrono::milliseconds> timeout_;
  bool sequential_ = false, needs_approval_ = false;
};

}  // namespace asyncllm
