// What the pieces of code in the documents take for granted.
#pragma once

#include <asyncllm/asyncllm.hpp>
#include <asyncllm/testing/scripted_server.hpp>
#include <asyncllm/testing/server_thread.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace llm = asyncllm;
using namespace std::chrono_literals;

extern const llm::LlmAgent agent;
extern const std::vector<std::string> questions;
