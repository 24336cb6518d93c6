#pragma once

#include "common/fd.h"

namespace uring {

using common::Fd;

/// What an operation works on. Owns nothing: the coroutine that awaits keeps the owner alive.
class Descriptor {
 public:
  Descriptor(const Fd& fd) : number_(fd.get()) {}  // NOLINT: meant to convert

  /// A descriptor without an owner, as standard input.
  static Descriptor borrowed(int number) { return Descriptor(number); }

  int number() const { return number_; }

 private:
  explicit Descriptor(int number) : number_(number) {}
  int number_;
};

}  // namespace uring
