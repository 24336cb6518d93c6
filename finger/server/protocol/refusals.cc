#include "finger/server/protocol/refusals.h"

#include <fmt/format.h>

#include <cerrno>

#include "finger/server/protocol/error.h"

namespace finger {

bool says_no_plan(std::error_code error) {
  if (error == Error::not_regular || error == Error::empty_plan || error == Error::home_refused ||
      error == Error::refused_to_owner) {
    return true;
  }
  switch (error.value()) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case EPERM:
    case ELOOP:  // a symbolic link
    case EXDEV:  // beyond the home, or on another file system
    case ENXIO:  // a socket, a device that is not there
    case ENODEV:
    case EAGAIN:  // its owner has a lease on it. fcntl(2), "Leases"
      return error.category() == std::system_category();
    default:
      return false;
  }
}

std::string_view text_for_peer(std::error_code error) {
  if (error.category() != make_error_code(Error::no_such_user).category()) return {};
  switch (static_cast<Error>(error.value())) {
    case Error::no_such_user:
      return "No such user";
    case Error::relay_denied:
      return "Relay access denied";
    case Error::invalid_query:
      return "Invalid query";
    case Error::query_too_long:
      return "Maximum query length exceeded";
    case Error::unexpected_eof:
      return "Unexpected EOF";
    case Error::list_denied:
      return "User list denied";
    case Error::displaced:
    case Error::no_such_group:
    case Error::no_placeholder:
    case Error::empty_plan:
    case Error::not_regular:
    case Error::home_refused:
    case Error::refused_to_owner:
      break;
  }
  return {};
}

std::string error_line(std::error_code error) {
  const auto text = text_for_peer(error);
  return text.empty() ? std::string() : fmt::format("Error: {}\r\n", text);
}

}  // namespace finger
