// Tools: LlmAgent::run_async and its kin, with all that they take and return.
#pragma once

#include <asyncllm/agent/agent.hpp>
#include <asyncllm/agent/run_stream.hpp>
#include <asyncllm/tools/run.hpp>
#include <asyncllm/tools/run_options.hpp>
#include <asyncllm/tools/tool.hpp>
