#include "finger/server/protocol/error.h"

#include <fmt/format.h>

namespace finger {
namespace {

struct Texts {
  std::string_view for_peer;
  const char* for_log;
};

Texts texts_of(Error error) {
  switch (error) {
    case Error::no_such_user:
      return {"No such user", "no such user"};
    case Error::relay_denied:
      return {"Relay access denied", "relay access denied"};
    case Error::invalid_query:
      return {"Invalid query", "invalid query"};
    case Error::query_too_long:
      return {"Maximum query length exceeded", "maximum query length exceeded"};
    case Error::unexpected_eof:
      return {"Unexpected EOF", "unexpected EOF"};
    case Error::list_denied:
      return {"User list denied", "user list denied"};
    case Error::no_such_group:
      return {"", "no such group"};
    case Error::no_stranger:
      return {"", "every uid or gid is in use: none is left for strangers"};
    case Error::empty_plan:
      return {"", "it is empty"};
    case Error::not_regular:
      return {"", "not a regular file"};
  }
  return {"", "no error"};
}

class ErrorCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "finger"; }
  std::string message(int value) const override {
    return texts_of(static_cast<Error>(value)).for_log;
  }
};

}  // namespace

std::error_code make_error_code(Error error) {
  static const ErrorCategory category;
  return {static_cast<int>(error), category};
}

std::string_view text_for_peer(std::error_code error) {
  if (error.category() != make_error_code(Error::no_such_user).category()) return {};
  return texts_of(static_cast<Error>(error.value())).for_peer;
}

std::string error_line(std::error_code error) {
  const auto text = text_for_peer(error);
  return text.empty() ? std::string() : fmt::format("Error: {}\r\n", text);
}

}  // namespace finger
