// All of the room core/ that is compiled.
#pragma once

#include <asyncllm/impl/core/base64.ipp>
