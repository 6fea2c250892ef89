// All of the room testing/ that is compiled.
#pragma once

#include <asyncllm/impl/testing/answer.ipp>
#include <asyncllm/impl/testing/api_format.ipp>
#include <asyncllm/impl/testing/api_format_anthropic.ipp>
#include <asyncllm/impl/testing/api_format_ollama.ipp>
#include <asyncllm/impl/testing/api_format_openai.ipp>
#include <asyncllm/impl/testing/api_format_responses.ipp>
#include <asyncllm/impl/testing/fault.ipp>
#include <asyncllm/impl/testing/playback.ipp>
#include <asyncllm/impl/testing/received_request.ipp>
#include <asyncllm/impl/testing/renderer.ipp>
#include <asyncllm/impl/testing/request_reader.ipp>
#include <asyncllm/impl/testing/script.ipp>
#include <asyncllm/impl/testing/scripted_server.ipp>
#include <asyncllm/impl/testing/served_connection.ipp>
#include <asyncllm/impl/testing/server_thread.ipp>
