// All of the room observe/ that is compiled.
#pragma once

#include <asyncllm/impl/observe/log_observer.ipp>
#include <asyncllm/impl/observe/metrics.ipp>
#include <asyncllm/impl/observe/otel.ipp>
#include <asyncllm/impl/observe/prices.ipp>
#include <asyncllm/impl/observe/timeline.ipp>
#include <asyncllm/impl/observe/trace_recorder.ipp>
