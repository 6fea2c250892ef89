// The compiled part of <asyncllm/testing/...>, for programs that link no library: include this in
// exactly one of their source files.
#pragma once

#include <asyncllm/impl/testing.ipp>
