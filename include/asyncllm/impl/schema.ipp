// All of the room schema/ that is compiled.
#pragma once

#include <asyncllm/impl/schema/node.ipp>
#include <asyncllm/impl/schema/schema_text.ipp>
