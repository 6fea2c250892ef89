// What the process has open, for tests that nothing stays open.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace faults {

/// 0 where the system does not tell.
inline std::ptrdiff_t open_descriptors()
{
  const std::filesystem::path folder("/proc/self/fd");
  if (!std::filesystem::exists(folder))
    return 0;
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

}  // namespace faults
