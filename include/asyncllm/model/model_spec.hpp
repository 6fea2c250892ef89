// "provider::model": which model of which server.
#pragma once

#include <asyncllm/core/detail/text.hpp>
#include <asyncllm/core/error.hpp>

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1 {

/// A model's address, for instance `ollama::gemma3:latest`, `ollama::hf.co/x/y:Q4`, or, for any
/// OpenAI-compatible server, `openai@http://127.0.0.1:8080/v1::name`.
struct ModelSpec {
  std::string provider;  ///< lower case
  std::string base_url;  ///< empty: the provider's own
  std::string model;

  /// Splits at the first `::`; after `provider@`, at the first one outside `[...]`, which encloses
  /// an IPv6 address. Whether there is such a provider is not looked at here.
  /// Throws `Error{invalid_argument}` when a part is missing.
  static ModelSpec parse(std::string_view text)
  {
    const auto at = text.find('@');
    const bool has_url = at < text.find("::");
    const auto separator = has_url ? find_separator(text, at + 1) : text.find("::");

    const auto provider = text.substr(0, has_url ? at : separator);
    // Nothing of a URL is quoted, which may hold a password.
    const auto quoted = [&] {
      if (has_url && provider.find_first_of(":/") == provider.npos)
        return "the model spec \"" + std::string(provider) + "@...\"";
      return text.find('@') != text.npos ? std::string("the model spec")
                                         : "the model spec \"" + std::string(text) + '"';
    };
    if (provider.find("://") != provider.npos)
      fail(quoted() + " begins with a URL instead of a provider and @");
    if (separator == std::string_view::npos)
      fail(quoted() + " has no \"::\"");
    if (provider.empty())
      fail(quoted() + " names no provider");
    if (has_url && separator == at + 1)
      fail(quoted() + " has no URL behind the @");
    if (separator + 2 == text.size())
      fail(quoted() + " names no model");

    ModelSpec spec;
    spec.provider = detail::to_lower(provider);
    if (has_url)
      spec.base_url = text.substr(at + 1, separator - at - 1);
    spec.model = text.substr(separator + 2);
    return spec;
  }

 private:
  static std::size_t find_separator(std::string_view text, std::size_t from)
  {
    bool bracketed = false;
    for (auto i = from; i < text.size(); ++i) {
      if (text[i] == '[')
        bracketed = true;
      else if (text[i] == ']')
        bracketed = false;
      else if (!bracketed && text.substr(i, 2) == "::")
        return i;
    }
    return std::string_view::npos;
  }

  [[noreturn]] static void fail(const std::string& what)
  {
    throw Error(
        ErrorKind::invalid_argument,
        what +
            "; write \"provider::model\", for example \"ollama::gemma3:latest\", or "
            "\"openai@http://127.0.0.1:8080/v1::name\" for a server of your own");
  }
};

}  // namespace asyncllm
