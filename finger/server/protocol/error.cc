#include "finger/server/protocol/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <iterator>

namespace finger {
namespace {

struct Texts {
  const char* log;
  std::string_view peer = {};  // empty: it is told nothing
};

/// By the number of the Error.
constexpr Texts texts[] = {
    {"no error"},
    {"no such user", "No such user"},
    {"relay access denied", "Relay access denied"},
    {"invalid query", "Invalid query"},
    {"maximum query length exceeded", "Maximum query length exceeded"},
    {"unexpected EOF", "Unexpected EOF"},
    {"user list denied", "User list denied"},
    {"displaced"},
    {"no such group"},
    {"every uid or gid is in use: none is left for strangers"},
    {"it is empty"},
    {"not a regular file"},
    {"Permission denied for the home"},
    {"Permission denied, though its mode permits it: where homes were mounted anew, reload"},
};
static_assert(std::size(texts) == static_cast<std::size_t>(Error::refused_to_owner) + 1);

const Texts& texts_of(int error) {
  const auto i = static_cast<std::size_t>(error);
  return texts[i < std::size(texts) ? i : 0];
}

class ErrorCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "finger"; }
  std::string message(int value) const override { return texts_of(value).log; }
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
  return texts_of(error.value()).peer;
}

std::string error_line(std::error_code error) {
  const auto text = text_for_peer(error);
  return text.empty() ? std::string() : fmt::format("Error: {}\r\n", text);
}

}  // namespace finger
