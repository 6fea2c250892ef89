// The release's number, and a tag that makes mixing two builds a link error.
#pragma once

#include <asio/version.hpp>

#define ASYNCLLM_VERSION_MAJOR 0
#define ASYNCLLM_VERSION_MINOR 1
#define ASYNCLLM_VERSION_PATCH 0

namespace asyncllm::inline v0_1 {

/// The compiled library and its user must see one release and one Asio, whose types stand in our
/// signatures. The functions by which a program enters the library take this tag: a mismatch is an
/// undefined symbol that names both numbers, instead of a crash.
template <int Major, int Minor, int Asio>
struct AbiTag {};

using Abi = AbiTag<ASYNCLLM_VERSION_MAJOR, ASYNCLLM_VERSION_MINOR, ASIO_VERSION>;

}  // namespace asyncllm
