#pragma once

#include <system_error>

namespace common {

/// An error of a peer that has no errno.
enum class Error {
  too_long = 1,  ///< The peer announces a message, or sends a request, longer than we accept.
  cut_short,     ///< The stream ended inside a message.
  timed_out,     ///< The peer completed no message, or took no answer, within the timeout.
  malformed,     ///< The bytes break the protocol.
};

std::error_code make_error_code(Error error);

}  // namespace common

template <>
struct std::is_error_code_enum<common::Error> : std::true_type {};
