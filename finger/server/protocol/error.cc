#include "finger/server/protocol/error.h"

namespace finger {
namespace {

const char* text_of(Error error) {
  switch (error) {
    case Error::no_such_user:
      return "no such user";
    case Error::relay_denied:
      return "relay access denied";
    case Error::invalid_query:
      return "invalid query";
    case Error::query_too_long:
      return "maximum query length exceeded";
    case Error::unexpected_eof:
      return "unexpected EOF";
    case Error::list_denied:
      return "user list denied";
    case Error::displaced:
      return "displaced";
    case Error::no_such_group:
      return "no such group";
    case Error::no_placeholder:
      return "every uid or gid is in use: none is left for strangers";
    case Error::empty_plan:
      return "it is empty";
    case Error::not_regular:
      return "not a regular file";
    case Error::home_refused:
      return "Permission denied for the home";
    case Error::refused_to_owner:
      return "Permission denied, though its mode permits it: where homes were mounted anew, reload";
  }
  return "no error";
}

class ErrorCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "finger"; }
  std::string message(int value) const override { return text_of(static_cast<Error>(value)); }
};

}  // namespace

std::error_code make_error_code(Error error) {
  static const ErrorCategory category;
  return {static_cast<int>(error), category};
}

}  // namespace finger
