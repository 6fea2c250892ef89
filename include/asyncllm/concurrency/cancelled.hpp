// How to tell a cancellation from a failure.
#pragma once

#include <asyncllm/core/requirements.hpp>

#include <asio/error.hpp>

#include <exception>
#include <system_error>

namespace asyncllm::inline v0_1 {

/// Whether this is the code of a cancelled operation: Asio's `operation_aborted`, which a cancelled
/// coroutine gets at every `co_await`, the code of `Error{cancelled}`, or any other that is
/// equivalent to `std::errc::operation_canceled`. (Asio's alone is not: it has a category of its
/// own.)
///
///     catch (const std::system_error& error) {
///       if (asyncllm::is_cancelled(error.code()))
///         return 130;
///       throw;
///     }
inline bool is_cancelled(const std::error_code& code)
{
  return code == std::errc::operation_canceled || code == asio::error::operation_aborted;
}

/// Whether this exception is a `std::system_error` with such a code. False for null.
///
///     if (!outcome && asyncllm::is_cancelled(outcome.error()))
///       return;
inline bool is_cancelled(const std::exception_ptr& error)
{
  if (!error)
    return false;
  try {
    std::rethrow_exception(error);
  } catch (const std::system_error& failure) {
    return is_cancelled(failure.code());
  } catch (...) {
    return false;
  }
}

}  // namespace asyncllm
