// What a tool gives to the model, and what it gets besides its arguments.
#pragma once

#include <asyncllm/model/message.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace asyncllm::inline v0_1 {

/// What a call of a tool gives to the model.
class ToolResult {
 public:
  static ToolResult text(std::string text) { return ToolResult(std::move(text), false); }
  /// The model reads "error: " and the text, and may try something else.
  static ToolResult error(std::string text) { return ToolResult("error: " + text, true); }

  /// Adds an image, for APIs that take images from tools: Anthropic's.
  ToolResult& with_image(std::string bytes, std::string mime_type)
  {
    images_.push_back(Image{std::move(bytes), std::move(mime_type), {}});
    return *this;
  }

  /// As the model reads it.
  const std::string& text() const noexcept { return text_; }
  bool is_error() const noexcept { return is_error_; }
  const std::vector<Image>& images() const noexcept { return images_; }

 private:
  ToolResult(std::string text, bool is_error) : text_(std::move(text)), is_error_(is_error) {}

  std::string text_;
  std::vector<Image> images_;
  bool is_error_;
};

/// Thrown by a tool: its text goes to the model, as `ToolResult::error` does.
class ToolError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The call that a tool answers. Lives until the tool has ended.
class ToolContext {
 public:
  explicit ToolContext(const ToolCall& call) : call_(&call) {}

  /// As the model wrote it.
  const ToolCall& call() const noexcept { return *call_; }

 private:
  const ToolCall* call_;
};

}  // namespace asyncllm
