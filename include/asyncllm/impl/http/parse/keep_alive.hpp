// Whether and how long a connection may wait for another request. A pure function.
#pragma once

#include <asyncllm/core/header_list.hpp>

#include <chrono>
#include <optional>

namespace asyncllm::inline v0_1::http {

/// How long a connection may stay idle after an answer with these headers, of which it was the
/// `requests`th; nothing when it may carry no further request. Honours `Keep-Alive: timeout=5,
/// max=100` (RFC 2068, 19.7.1.1), less a tenth, since the server's clock started before ours.
std::optional<std::chrono::milliseconds> idle_time(const HeaderList& headers, int requests);

}  // namespace asyncllm::http
