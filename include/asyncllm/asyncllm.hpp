// Everything but the testing room, which tests include by itself: <asyncllm/testing/...>.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asyncllm/agent/agent.hpp>
#include <asyncllm/agent/ask.hpp>
#include <asyncllm/agent/conversation.hpp>
#include <asyncllm/agent/conversation_ask.hpp>
#include <asyncllm/agent/run.hpp>
#include <asyncllm/agent/run_json.hpp>
#include <asyncllm/client/client.hpp>
#include <asyncllm/client/idle_connections.hpp>
#include <asyncllm/concurrency/as_completed.hpp>
#include <asyncllm/concurrency/batch.hpp>
#include <asyncllm/concurrency/batches.hpp>
#include <asyncllm/concurrency/cancelled.hpp>
#include <asyncllm/concurrency/for_each_completed.hpp>
#include <asyncllm/concurrency/for_each_limit.hpp>
#include <asyncllm/concurrency/gather.hpp>
#include <asyncllm/concurrency/run.hpp>
#include <asyncllm/concurrency/semaphore.hpp>
#include <asyncllm/concurrency/task_group.hpp>
#include <asyncllm/concurrency/timeout.hpp>
#include <asyncllm/concurrency/wait_any.hpp>
#include <asyncllm/core/error.hpp>
#include <asyncllm/core/outcome.hpp>
#include <asyncllm/core/version.hpp>
#include <asyncllm/observe/log_observer.hpp>
#include <asyncllm/observe/metrics.hpp>
#include <asyncllm/observe/otel.hpp>
#include <asyncllm/observe/prices.hpp>
#include <asyncllm/observe/trace_recorder.hpp>
#include <asyncllm/schema/describe.hpp>
#include <asyncllm/schema/from_json.hpp>
#include <asyncllm/schema/json_schema.hpp>
#include <asyncllm/schema/to_json.hpp>
