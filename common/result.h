#pragma once

#include <cerrno>
#include <expected>
#include <system_error>

#include "common/error.h"

namespace common {

/// A value, or the reason why there is none.
template <typename T>
using Result = std::expected<T, std::error_code>;

/// Done, or the reason why not.
using Status = Result<void>;

/// The errno of the system call that has just failed.
inline std::unexpected<std::error_code> last_error() {
  return std::unexpected(std::error_code(errno, std::system_category()));
}

inline std::unexpected<std::error_code> failure(Error error) {
  return std::unexpected(make_error_code(error));
}

}  // namespace common
