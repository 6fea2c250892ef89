// All of the room options/ that is compiled.
#pragma once

#include <asyncllm/impl/options/request_options.ipp>
