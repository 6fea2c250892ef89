// The library's compiled part, for programs that link no library: include this in exactly one of
// their source files. That file needs simdjson and llhttp, and OpenSSL where ASYNCLLM_WITH_TLS is
// defined, zlib where ASYNCLLM_WITH_ZLIB is.
#pragma once

#include <asyncllm/impl/agent.ipp>
#include <asyncllm/impl/client.ipp>
#include <asyncllm/impl/core.ipp>
#include <asyncllm/impl/http.ipp>
#include <asyncllm/impl/json.ipp>
#include <asyncllm/impl/model.ipp>
#include <asyncllm/impl/observe.ipp>
#include <asyncllm/impl/options.ipp>
#include <asyncllm/impl/provider.ipp>
#include <asyncllm/impl/schema.ipp>
#include <asyncllm/impl/tools.ipp>
