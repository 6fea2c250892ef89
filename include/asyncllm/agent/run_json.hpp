// Runs as JSON, to keep one that waits for approvals.
#pragma once

#include <asyncllm/core/export.hpp>
#include <asyncllm/tools/run.hpp>

#include <string>
#include <string_view>

namespace asyncllm::inline v0_1 {

/// The run as a JSON object, for a program that ends before the approvals come. It has what
/// `LlmAgent::resume_async` needs: the messages, the steps and their outcomes, the pending calls,
/// the counts of tokens. It has no keys, options, headers or logprobs.
///
///     store(run_to_json(run));  // and in another process:
///     auto continued = agent.resume_async(run_from_json(load()), std::move(decisions));
ASYNCLLM_EXPORT std::string run_to_json(const Run& run);

/// The run of such an object. Whoever can write the object can make an agent call its tools: keep
/// it where only your program writes.
///
/// Throws: `Error{invalid_argument}` that says what is wrong with it: no JSON, a member that is
/// missing or of another type, messages without pairs, calls of the last step that are not those of
/// the last message.
ASYNCLLM_EXPORT Run run_from_json(std::string_view json);

}  // namespace asyncllm
