// A request that was written for one server, written for another.
#pragma once

#include <asyncllm/http/redirect.hpp>
#include <asyncllm/http/transport.hpp>

#include <string>
#include <string_view>

namespace asyncllm::http {

/// `message`, which `RequestHead` wrote, with method and body as they are, for the place to which
/// `chain` has led: with only the fields that may go there, and those that `transport` wants.
std::string readdressed(
    std::string_view message, const RedirectChain& chain, const Transport& transport);

}  // namespace asyncllm::http
