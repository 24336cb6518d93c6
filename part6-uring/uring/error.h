#pragma once

#include <cstdint>
#include <system_error>

#include "common/result.h"

namespace uring {

using common::Result;
using common::Status;

/// The first two mean that an operation ended early although nothing failed. Reactions differ: a
/// cancelled coroutine should end, a late one may try again. 0 is none of these.
enum class Error : std::uint8_t {
  cancelled = 1,   ///< The operation or its scope was cancelled.
  timed_out,       ///< Its own timeout or a shared deadline has passed.
  kernel_too_old,  ///< Ring::create() found less than Linux 6.1 has. See why_no_ring().
};

/// Compares equal to std::errc::operation_canceled, timed_out and function_not_supported.
std::error_code make_error_code(Error error);

/// The status of a liburing function, which returns -errno after a failure.
inline Status status_of(int result) {
  if (result < 0) return std::unexpected(std::error_code(-result, std::system_category()));
  return {};
}

}  // namespace uring

template <>
struct std::is_error_code_enum<uring::Error> : std::true_type {};
