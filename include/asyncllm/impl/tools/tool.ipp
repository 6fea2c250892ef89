#include <asyncllm/core/error.hpp>
#include <asyncllm/schema/detail/node.hpp>
#include <asyncllm/tools/tool.hpp>

namespace asyncllm::inline v0_1 {

Tool Tool::from_schema(
    std::string name,
    std::string description,
    std::string json_schema,
    std::function<asio::awaitable<ToolResult>(std::string arguments, ToolContext& context)>
        function)
{
  auto bind = [function = std::move(function)](std::string_view text) -> Call {
    const schema::detail::Document arguments(text);
    if (arguments.root().kind() != schema::detail::Kind::object)
      arguments.root().fail("an object");
    return [function, text = std::string(text)](ToolContext& context) {
      return function(text, context);
    };
  };
  return Tool(
      ToolDefinition(std::move(name), std::move(description), std::move(json_schema)),
      std::move(bind));
}

}  // namespace asyncllm
