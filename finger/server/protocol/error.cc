#include "finger/server/protocol/error.h"

#include <fmt/format.h>

#include <cerrno>

namespace finger {
namespace {

struct Texts {
  const char* log;
  std::string_view peer = {};  // empty: it is told nothing
};

Texts texts_of(Error error) {
  switch (error) {
    case Error::no_such_user:
      return {"no such user", "No such user"};
    case Error::relay_denied:
      return {"relay access denied", "Relay access denied"};
    case Error::invalid_query:
      return {"invalid query", "Invalid query"};
    case Error::query_too_long:
      return {"maximum query length exceeded", "Maximum query length exceeded"};
    case Error::unexpected_eof:
      return {"unexpected EOF", "Unexpected EOF"};
    case Error::list_denied:
      return {"user list denied", "User list denied"};
    case Error::displaced:
      return {"displaced"};
    case Error::no_such_group:
      return {"no such group"};
    case Error::no_placeholder:
      return {"every uid or gid is in use: none is left for strangers"};
    case Error::empty_plan:
      return {"it is empty"};
    case Error::not_regular:
      return {"not a regular file"};
    case Error::home_refused:
      return {"Permission denied for the home"};
    case Error::refused_to_owner:
      return {
          "Permission denied, though its mode permits it: where homes were mounted anew, reload"};
  }
  return {"no error"};
}

class ErrorCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "finger"; }
  std::string message(int value) const override { return texts_of(static_cast<Error>(value)).log; }
};

}  // namespace

std::error_code make_error_code(Error error) {
  static const ErrorCategory category;
  return {static_cast<int>(error), category};
}

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
  return texts_of(static_cast<Error>(error.value())).peer;
}

std::string error_line(std::error_code error) {
  const auto text = text_for_peer(error);
  return text.empty() ? std::string() : fmt::format("Error: {}\r\n", text);
}

}  // namespace finger
