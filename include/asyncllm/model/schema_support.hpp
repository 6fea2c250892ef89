// Answers by a JSON schema, as a host supports them.
#pragma once

namespace asyncllm::inline v0_1 {

/// What becomes of `RequestOptions::answer_schema`.
enum class SchemaSupport {
  none,     ///< the host refuses it
  partial,  ///< it is not kept on every model
  full,
};

}  // namespace asyncllm
