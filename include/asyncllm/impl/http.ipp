// All of the room http/ that is compiled.
#pragma once

#include <asyncllm/impl/http/connect/connection.ipp>
#include <asyncllm/impl/http/connect/connector.ipp>
#include <asyncllm/impl/http/connect/context_service.ipp>
#include <asyncllm/impl/http/connect/happy_eyeballs.ipp>
#include <asyncllm/impl/http/connect/proxy.ipp>
#include <asyncllm/impl/http/connect/resolve.ipp>
#include <asyncllm/impl/http/connect/socket.ipp>
#include <asyncllm/impl/http/connect/tls.ipp>
#include <asyncllm/impl/http/connect/transport.ipp>
#include <asyncllm/impl/http/connect/tunnel.ipp>
#include <asyncllm/impl/http/exchange/exchange.ipp>
#include <asyncllm/impl/http/exchange/readdressed.ipp>
#include <asyncllm/impl/http/exchange/redirect_chain.ipp>
#include <asyncllm/impl/http/parse/chunk_decoder.ipp>
#include <asyncllm/impl/http/parse/content_decoder.ipp>
#include <asyncllm/impl/http/parse/credentials.ipp>
#include <asyncllm/impl/http/parse/head_scanner.ipp>
#include <asyncllm/impl/http/parse/keep_alive.ipp>
#include <asyncllm/impl/http/parse/request_head.ipp>
#include <asyncllm/impl/http/parse/response_parser.ipp>
#include <asyncllm/impl/http/parse/url.ipp>
