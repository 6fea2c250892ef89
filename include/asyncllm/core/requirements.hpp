// What the compiler must support: one sentence instead of hundreds
// of errors. The includes of files that do not exist end the compilation.
#pragma once

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#  error "asyncllm needs C++20: compile with -std=c++20, or link asyncllm::asyncllm in CMake"
#  include <the-error-above-says-what-to-do>
#endif

#include <asio/awaitable.hpp>

#if !defined(ASIO_HAS_CO_AWAIT)
#  error \
      "this version of Asio does not know that the compiler has coroutines: define ASIO_HAS_CO_AWAIT and ASIO_HAS_STD_COROUTINE, or link asyncllm::asyncllm in CMake"
#  include <the-error-above-says-what-to-do>
#endif
