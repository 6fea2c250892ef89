// Counts what a piece of a program allocates, by standing in front of glibc's malloc. Elsewhere,
// and under sanitizers, which need malloc themselves, everything counts as zero.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
      __has_feature(memory_sanitizer)
#    define BENCH_SANITIZED
#  endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#  define BENCH_SANITIZED
#endif
#include <cstdlib>
#if defined(__GLIBC__) && !defined(BENCH_SANITIZED)
#  include <malloc.h>
#  define BENCH_COUNTS_ALLOCATIONS
#endif

struct Allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
  std::ptrdiff_t now = 0;
  std::ptrdiff_t peak = 0;
};

inline Allocations allocations;
inline bool count_allocations = false;

#ifdef BENCH_COUNTS_ALLOCATIONS
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

inline void* counted(void* memory, std::size_t size)
{
  if (count_allocations && memory) {
    ++allocations.count;
    allocations.bytes += size;
    allocations.now += static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
    if (allocations.now > allocations.peak)
      allocations.peak = allocations.now;
  }
  return memory;
}

extern "C" {
void* malloc(std::size_t size)
{
  return counted(__libc_malloc(size), size);
}
void* calloc(std::size_t count, std::size_t size)
{
  return counted(__libc_calloc(count, size), count * size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size)
{
  return counted(__libc_memalign(alignment, size), size);
}
void free(void* memory)
{
  if (count_allocations && memory)
    allocations.now -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  __libc_free(memory);
}
void* realloc(void* memory, std::size_t size)
{
  if (count_allocations && memory)
    allocations.now -= static_cast<std::ptrdiff_t>(malloc_usable_size(memory));
  return counted(__libc_realloc(memory, size), size);
}
}
#endif
