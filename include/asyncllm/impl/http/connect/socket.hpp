// The one kind of socket that connections use: TCP or, on this machine, Unix.
#pragma once

#include <asio/error_code.hpp>
#include <asio/generic/stream_protocol.hpp>

#include <vector>

namespace asyncllm::inline v0_1::http {

using Socket = asio::generic::stream_protocol::socket;
using Endpoint = asio::generic::stream_protocol::endpoint;
using Endpoints = std::vector<Endpoint>;

/// Opens `socket` for connections to `endpoint`: TCP_NODELAY, SO_KEEPALIVE, not inherited by child
/// processes.
void open_for(Socket& socket, const Endpoint& endpoint, asio::error_code& error);

}  // namespace asyncllm::http
