// All of the room client/ that is compiled.
#pragma once

#include <asyncllm/impl/client/admission.ipp>
#include <asyncllm/impl/client/call.ipp>
#include <asyncllm/impl/client/call_machine.ipp>
#include <asyncllm/impl/client/call_service.ipp>
#include <asyncllm/impl/client/client.ipp>
#include <asyncllm/impl/client/client_state.ipp>
#include <asyncllm/impl/client/idle_connections.ipp>
#include <asyncllm/impl/client/reply_decoder.ipp>
#include <asyncllm/impl/client/reply_stream.ipp>
#include <asyncllm/impl/client/route.ipp>
#include <asyncllm/impl/client/secrets.ipp>
#include <asyncllm/impl/client/stray_text.ipp>
#include <asyncllm/impl/client/stream_state.ipp>
#include <asyncllm/impl/client/watch.ipp>
