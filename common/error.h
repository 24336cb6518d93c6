#pragma once

#include <system_error>

namespace common {

/// What can go wrong with a peer and has no errno.
enum class Error {
  too_long = 1,  ///< A message is announced, or a request grows, beyond what we accept.
  cut_short,     ///< The stream ended inside a message.
  timed_out,     ///< No message was completed, or no answer taken, for as long as we wait.
  malformed,     ///< The bytes are not of the protocol.
};

std::error_code make_error_code(Error error);

}  // namespace common

template <>
struct std::is_error_code_enum<common::Error> : std::true_type {};
