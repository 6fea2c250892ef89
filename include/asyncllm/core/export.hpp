// What a shared library shows to programs.
#pragma once

#if defined(_WIN32)
#  if defined(ASYNCLLM_BUILDS_SHARED)
#    define ASYNCLLM_EXPORT __declspec(dllexport)
#  elif defined(ASYNCLLM_IS_SHARED)
#    define ASYNCLLM_EXPORT __declspec(dllimport)
#  else
#    define ASYNCLLM_EXPORT
#  endif
#else
#  define ASYNCLLM_EXPORT [[gnu::visibility("default")]]
#endif
