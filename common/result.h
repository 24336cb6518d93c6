#pragma once

#include <cerrno>
#include <expected>
#include <system_error>

namespace common {

/// A value, or the reason why there is none.
template <typename T>
using Result = std::expected<T, std::error_code>;

/// Done, or the reason why not.
using Status = Result<void>;

/// What can go wrong with a peer and has no errno.
enum class Error {
  too_long = 1,  ///< A message is announced, or a request grows, beyond what we accept.
  cut_short,     ///< The stream ended inside a message.
  timed_out,     ///< No message was completed, or no answer taken, for as long as we wait.
  malformed,     ///< The bytes are not of the protocol.
};

std::error_code make_error_code(Error error);

/// The errno of the system call that has just failed.
inline std::unexpected<std::error_code> last_error() {
  return std::unexpected(std::error_code(errno, std::system_category()));
}

inline std::unexpected<std::error_code> failure(Error error) {
  return std::unexpected(make_error_code(error));
}

}  // namespace common

template <>
struct std::is_error_code_enum<common::Error> : std::true_type {};
