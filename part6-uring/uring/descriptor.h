#pragma once

#include <liburing.h>

#include <cstdint>
#include <utility>

#include "common/fd.h"

namespace uring {

using common::Fd;
class Ring;

/// Owns a direct descriptor: a slot in the ring's own table, which only its operations can use.
/// Must end before the loop.
class DirectFd {
 public:
  DirectFd() = default;
  DirectFd(Ring& ring, int slot) : ring_(&ring), slot_(slot) {}
  DirectFd(DirectFd&& other) noexcept : ring_(other.ring_), slot_(std::exchange(other.slot_, -1)) {}
  DirectFd& operator=(DirectFd other) noexcept {
    std::swap(ring_, other.ring_);
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~DirectFd();

  explicit operator bool() const { return slot_ >= 0; }
  int slot() const { return slot_; }

  /// The caller takes the slot over, and must close it.
  int release() { return std::exchange(slot_, -1); }

 private:
  Ring* ring_ = nullptr;
  int slot_ = -1;
};

/// What an operation works on: a descriptor of the process or a direct one. Owns nothing: the
/// coroutine that awaits keeps the owner alive.
class Descriptor {
 public:
  Descriptor(const Fd& fd) : number_(fd.get()) {}  // NOLINT: meant to convert
  Descriptor(const DirectFd& fd)                   // NOLINT: meant to convert
      : number_(fd.slot()), flags_(IOSQE_FIXED_FILE) {}

  /// A descriptor without an owner, as standard input.
  static Descriptor borrowed(int number) { return Descriptor(number, 0); }
  static Descriptor direct(int slot) { return Descriptor(slot, IOSQE_FIXED_FILE); }

  int number() const { return number_; }
  bool is_direct() const { return flags_ != 0; }

  std::uint8_t flags() const { return flags_; }  ///< What an entry that is about it has.

  /// After io_uring_prep_…(), which clears the flags.
  void apply_to(io_uring_sqe& entry) const { entry.flags |= flags_; }

 private:
  Descriptor(int number, std::uint8_t flags) : number_(number), flags_(flags) {}
  int number_;
  std::uint8_t flags_ = 0;
};

}  // namespace uring
