// All of the room json/ that is compiled.
#pragma once

#include <asyncllm/impl/json/merge.ipp>
#include <asyncllm/impl/json/reader.ipp>
#include <asyncllm/impl/json/repair.ipp>
#include <asyncllm/impl/json/syntax.ipp>
#include <asyncllm/impl/json/writer.ipp>
