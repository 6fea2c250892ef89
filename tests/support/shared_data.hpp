// The folder of recorded traffic and conformance cases, which only the project's own machines have.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace support {

/// The file or folder of that name, or nothing, with a line that makes ctest count a skipped test.
inline std::optional<std::filesystem::path> shared_data(const std::string& name)
{
  const char* const root = std::getenv("ASYNCLLM_SHARED");
  const auto path = std::filesystem::path(root ? root : "") / "data" / name;
  if (root && std::filesystem::exists(path))
    return path;
  std::cout << "SKIPPED: there is no " << name << " of shared test data here\n";
  return std::nullopt;
}

inline std::string read_file(const std::filesystem::path& path)
{
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string from_base64(std::string_view text)
{
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned value = 0;
  int bits = 0;
  for (const char c : text) {
    const auto digit = digits.find(c);
    if (digit == digits.npos)
      continue;
    value = (value << 6 | static_cast<unsigned>(digit)) & 0xFFFFFF;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(value >> bits & 0xFF);
    }
  }
  return bytes;
}

/// Calls `feed` with `bytes` in pieces of `size`; 0: whole.
template <class Feed>
void in_pieces(std::string_view bytes, std::size_t size, Feed feed)
{
  const auto step = size == 0 ? bytes.size() + 1 : size;
  for (std::size_t at = 0; at < bytes.size(); at += step)
    feed(bytes.substr(at, step));
}

inline constexpr std::size_t chunk_sizes[] = {0, 1, 2, 7, 97};

}  // namespace support
