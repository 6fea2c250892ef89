// All of the room agent/ that is compiled.
#pragma once

#include <asyncllm/impl/agent/agent.ipp>
