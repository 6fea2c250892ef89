// All of the room tools/ that is compiled.
#pragma once

#include <asyncllm/impl/tools/run_machine.ipp>
#include <asyncllm/impl/tools/tool.ipp>
