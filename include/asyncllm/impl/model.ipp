// All of the room model/ that is compiled.
#pragma once

#include <asyncllm/impl/model/parameters.ipp>
#include <asyncllm/impl/model/part.ipp>
