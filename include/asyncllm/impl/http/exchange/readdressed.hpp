// A request that was written for one server, written for another.
#pragma once

#include <asyncllm/impl/http/connect/transport.hpp>
#include <asyncllm/impl/http/exchange/redirect_chain.hpp>

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1::http {

/// `message`, which `RequestHead` wrote, with the same method and body, for the URL to which
/// `chain` has led: with only the fields that may go there, and those that `transport` requires.
std::string readdressed(
    std::string_view message, const RedirectChain& chain, const Transport& transport);

}  // namespace asyncllm::http
