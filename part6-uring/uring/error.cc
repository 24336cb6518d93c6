#include "uring/error.h"

namespace uring {
namespace {

class ErrorCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "uring"; }

  std::string message(int value) const override {
    switch (static_cast<Error>(value)) {
      case Error::cancelled:
        return "cancelled";
      case Error::timed_out:
        return "timed out";
      case Error::kernel_too_old:
        return "the kernel is too old";
    }
    return "no error";
  }

  std::error_condition default_error_condition(int value) const noexcept override {
    switch (static_cast<Error>(value)) {
      case Error::cancelled:
        return std::errc::operation_canceled;
      case Error::timed_out:
        return std::errc::timed_out;
      case Error::kernel_too_old:
        return std::errc::function_not_supported;
    }
    return {value, *this};
  }
};

}  // namespace

std::error_code make_error_code(Error error) {
  static const ErrorCategory category;
  return {static_cast<int>(error), category};
}

}  // namespace uring
