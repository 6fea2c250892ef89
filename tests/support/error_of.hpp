// The Error that a call throws, to look at more than its type.
#pragma once

#include <asyncllm/core/error.hpp>

#include "test.hpp"

#include <asio/awaitable.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace support {

/// Nothing when `call` does not throw an Error.
template <class Call>
std::optional<asyncllm::Error> error_of(Call call)
{
  try {
    call();
  } catch (const asyncllm::Error& error) {
    return error;
  }
  return std::nullopt;
}

/// The same for a coroutine.
template <class Result>
asio::awaitable<std::optional<asyncllm::Error>> awaited_error_of(asio::awaitable<Result> call)
{
  try {
    co_await std::move(call);
  } catch (const asyncllm::Error& error) {
    co_return error;
  }
  co_return std::nullopt;
}

/// Whether `call` throws an Error of this kind whose text holds `words`.
template <class Call>
bool fails_with(asyncllm::ErrorKind kind, std::string_view words, Call call)
{
  const auto error = error_of(call);
  return error && error->kind() == kind &&
         std::string_view(error->what()).find(words) != std::string_view::npos;
}

/// Whether there is an error whose text holds `words`. A failed check prints the text.
inline bool says(const std::optional<asyncllm::Error>& error, std::string_view words)
{
  if (error)
    UNSCOPED_INFO(error->what());
  return error && std::string_view(error->what()).find(words) != std::string_view::npos;
}

}  // namespace support
