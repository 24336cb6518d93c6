#pragma once

#include <unistd.h>

#include <utility>

namespace common {

/// Owns one file descriptor and closes it exactly once. Empty after being moved from.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Fd() {
    // We don't retry close(2) after EINTR, because Linux has already freed the number, and another
    // thread may own it by now. close(2), "Dealing with error returns from close()".
    if (number_ >= 0) (void)::close(number_);
  }

  explicit operator bool() const { return number_ >= 0; }
  int get() const { return number_; }

  /// Gives up the descriptor; the caller has to close it.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

}  // namespace common
