// All of the room testing/ that is compiled.
#pragma once

#include <asyncllm/impl/testing/answer.ipp>
#include <asyncllm/impl/testing/connection.ipp>
#include <asyncllm/impl/testing/fault.ipp>
#include <asyncllm/impl/testing/playback.ipp>
#include <asyncllm/impl/testing/received_request.ipp>
#include <asyncllm/impl/testing/renderer.ipp>
#include <asyncllm/impl/testing/request_reader.ipp>
#include <asyncllm/impl/testing/script.ipp>
#include <asyncllm/impl/testing/scripted_server.ipp>
#include <asyncllm/impl/testing/server_thread.ipp>
#include <asyncllm/impl/testing/wire.ipp>
#include <asyncllm/impl/testing/wire_anthropic.ipp>
#include <asyncllm/impl/testing/wire_ollama.ipp>
#include <asyncllm/impl/testing/wire_openai.ipp>
