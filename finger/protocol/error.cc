#include "finger/protocol/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>

namespace finger {
namespace {

struct Text {
  Error error;
  const char* log;
  std::string_view peer = {};  // empty: nothing is sent to the peer
};

constexpr Text texts[] = {
    {Error{}, "no error"},
    {Error::no_such_user, "no such user", "No such user"},
    {Error::relay_denied, "relay access denied", "Relay access denied"},
    {Error::invalid_query, "invalid query", "Invalid query"},
    {Error::query_too_long, "maximum query length exceeded", "Maximum query length exceeded"},
    {Error::unexpected_eof, "unexpected EOF", "Unexpected EOF"},
    {Error::list_denied, "user list denied", "User list denied"},
    {Error::query_timeout, "query timeout", "Query timeout"},
    {Error::displaced, "displaced"},
    {Error::stopped, "stopped"},
    {Error::peer_gone, "gone"},
    {Error::no_such_group, "no such group"},
    {Error::home_timeout, "timed out in the home"},
    {Error::became_shorter, "became shorter"},
    {Error::empty_plan, "it is empty"},
    {Error::not_regular, "not a regular file"},
    {Error::symbolic_link, "a symbolic link"},
    {Error::home_refused, "Permission denied for the home"},
    {Error::no_owner, "nothing is opened with the rights of that uid"},
};
static_assert(std::size(texts) == static_cast<std::size_t>(Error::no_owner) + 1);

const Text& text_of(int error) {
  const auto found = std::ranges::find(texts, static_cast<Error>(error), &Text::error);
  return found != std::end(texts) ? *found : texts[0];
}

class ErrorCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "finger"; }
  std::string message(int value) const override { return text_of(value).log; }
};

}  // namespace

std::error_code make_error_code(Error error) {
  static const ErrorCategory category;
  return {static_cast<int>(error), category};
}

bool says_no_plan(std::error_code error) {
  if (error == Error::not_regular || error == Error::symbolic_link || error == Error::empty_plan ||
      error == Error::home_refused || error == Error::no_owner) {
    return true;
  }
  switch (error.value()) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case EPERM:
    case ELOOP:  // links on the way to the home, in a circle
    case EXDEV:  // beyond the home, or on another file system
    case ENXIO:  // a socket, a device that is not there
    case ENODEV:
    case ENAMETOOLONG:
      return error.category() == std::system_category();
    default:
      return false;
  }
}

std::string_view text_for_peer(std::error_code error) {
  if (error.category() != make_error_code(Error::no_such_user).category()) return {};
  return text_of(error.value()).peer;
}

std::string error_line(std::error_code error) {
  const auto text = text_for_peer(error);
  return text.empty() ? std::string() : fmt::format("Error: {}\r\n", text);
}

}  // namespace finger
