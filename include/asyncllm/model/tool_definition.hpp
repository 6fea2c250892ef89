// Tools that a model may call, as a request describes them.
#pragma once

#include <string>
#include <utility>

namespace asyncllm::inline v0_1 {

/// A tool that the model may call.
struct ToolDefinition {
  /// `parameters`: the JSON schema of the arguments, an object. "" for a tool without arguments.
  ToolDefinition(
      std::string its_name,
      std::string its_description,
      std::string its_parameters = std::string(),
      bool is_strict = false)
      : name(std::move(its_name)),
        description(std::move(its_description)),
        parameters(std::move(its_parameters)),
        strict(is_strict)
  {}

  std::string name;         ///< 1 to 64 letters, digits, _ and -
  std::string description;  ///< tells the model when and how to call it
  std::string parameters;
  /// The server forces the arguments into the schema, where it can. The schema must then be in its
  /// strict dialect: every member required, no additional ones.
  bool strict = false;

  bool operator==(const ToolDefinition&) const = default;
};

/// Whether the model may, must or must not call a tool.
class ToolChoice {
 public:
  enum class Kind { automatic, none, required, tool };

  /// The model decides. The default where there are tools.
  static ToolChoice automatic() { return ToolChoice(Kind::automatic); }
  /// The model sees the tools and calls none.
  static ToolChoice none() { return ToolChoice(Kind::none); }
  /// The model calls at least one.
  static ToolChoice required() { return ToolChoice(Kind::required); }
  /// The model calls this one.
  static ToolChoice tool(std::string name) { return ToolChoice(Kind::tool, std::move(name)); }

  Kind kind() const noexcept { return kind_; }
  /// Of `Kind::tool`.
  const std::string& name() const noexcept { return name_; }

  bool operator==(const ToolChoice&) const = default;

 private:
  explicit ToolChoice(Kind kind, std::string name = std::string())
      : kind_(kind), name_(std::move(name))
  {}

  Kind kind_;
  std::string name_;
};

}  // namespace asyncllm
