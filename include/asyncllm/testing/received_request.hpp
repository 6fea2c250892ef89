// A request as the scripted server received it: what a test looks at afterwards.
#pragma once
#include <asyncllm/core/header_list.hpp>

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::testing {

/// The head of one request; its body has the same place in `ScriptedServer::bodies()`.
struct ReceivedRequest {
  std::string method;  ///< "POST"
  std::string target;  ///< "/v1/chat/completions?x=1", as sent
  HeaderList headers;  ///< in their order, names as sent

  /// The target without its query.
  std::string_view path() const noexcept;

  /// The first header of this name, whatever its case; empty when there is none.
  std::string_view header(std::string_view name) const noexcept;
};

}  // namespace asyncllm::testing
