// The environment of the process.
#pragma once

namespace asyncllm::inline v0_1::detail {

/// As std::getenv; a parameter, so that tests need no real environment.
using GetEnvironment = char* (*)(const char*);

}  // namespace asyncllm::detail
