#pragma once

#include <cstdint>
#include <system_error>

#include "common/result.h"

namespace uring {

using common::Result;
using common::Status;

/// The first two are why an operation ended early although nothing failed. They call for different
/// reactions: a cancelled coroutine should end, one that was late may try again. 0 is none of them.
enum class Error : std::uint8_t {
  cancelled = 1,   ///< The operation, its scope, or the one that it was linked to was cancelled.
  timed_out,       ///< Its own timeout or the deadline it shares has passed.
  kernel_too_old,  ///< Ring::create(): the kernel lacks what Linux 6.1 has. See why_no_ring().
};

/// Compares equal to std::errc::operation_canceled, timed_out and function_not_supported.
std::error_code make_error_code(Error error);

/// What a function of liburing returns: a number that is negative after a failure, -errno.
inline Status status_of(int result) {
  if (result < 0) return std::unexpected(std::error_code(-result, std::system_category()));
  return {};
}

}  // namespace uring

template <>
struct std::is_error_code_enum<uring::Error> : std::true_type {};
