// A bare prompt, without turns: what Ollama's /api/generate takes.
#pragma once

#include <string>
#include <utility>

namespace asyncllm::inline v0_1 {

/// A text for the model to continue.
///
///     auto prompt = Prompt("def add(a, b):\n").suffix("    return total\n");
class Prompt {
 public:
  explicit Prompt(std::string text) : text_(std::move(text)) {}

  /// The text after the gap that the model is to fill. Not every model supports this.
  Prompt& suffix(std::string text) { return set(suffix_, std::move(text)); }
  /// Replaces the model's own system prompt.
  Prompt& system(std::string text) { return set(system_, std::move(text)); }
  /// Replaces the model's own prompt template, in the server's template language.
  Prompt& template_text(std::string text) { return set(template_, std::move(text)); }
  /// No template: the model reads the text as it is. Excludes `system` and `template_text`.
  Prompt& raw(bool value)
  {
    raw_ = value;
    return *this;
  }

  const std::string& text() const noexcept { return text_; }
  const std::string& suffix() const noexcept { return suffix_; }
  const std::string& system() const noexcept { return system_; }
  const std::string& template_text() const noexcept { return template_; }
  bool is_raw() const noexcept { return raw_; }

 private:
  Prompt& set(std::string& member, std::string text)
  {
    member = std::move(text);
    return *this;
  }

  std::string text_, suffix_, system_, template_;
  bool raw_ = false;
};

}  // namespace asyncllm
