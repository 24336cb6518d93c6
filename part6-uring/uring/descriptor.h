#pragma once

#include "common/fd.h"

namespace uring {

using common::Fd;

/// The descriptor of an operation. Owns nothing; the awaiting coroutine keeps the owner alive.
class Descriptor {
 public:
  Descriptor(const Fd& fd) : number_(fd.get()) {}  // NOLINT: meant to convert

  /// A descriptor without an owner, such as standard input.
  static Descriptor borrowed(int number) { return Descriptor(number); }

  int number() const { return number_; }

 private:
  explicit Descriptor(int number) : number_(number) {}
  int number_;
};

}  // namespace uring
