#include "common/error.h"

#include <string>

namespace common {
namespace {

class ErrorCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "server"; }

  std::string message(int value) const override {
    switch (static_cast<Error>(value)) {
      case Error::too_long:
        return "message too long";
      case Error::cut_short:
        return "stream ended inside a message";
      case Error::timed_out:
        return "timed out";
      case Error::malformed:
        return "malformed request";
    }
    return "unknown error";
  }
};

}  // namespace

std::error_code make_error_code(Error error) {
  static const ErrorCategory category;
  return {static_cast<int>(error), category};
}

}  // namespace common
