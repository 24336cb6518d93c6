#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "uring/error.h"

namespace uring {

/// How to set up a ring.
struct Setup {
  static constexpr std::uint32_t entries_min = 4;       ///< A pause and its cancel go in together.
  static constexpr std::uint32_t entries_max = 32'768;  ///< io_uring_setup(2)
  static constexpr std::uint32_t completions_max = 65'536;  ///< io_uring_setup(2)
  static constexpr std::uint32_t buffers_max = 32'768;      ///< io_uring_register(2)
  static constexpr std::size_t buffer_bytes_max = 1 << 20;  ///< The kernel counts them in 32 bits.

  std::uint32_t entries = 256;  ///< Submissions between two system calls, not operations in flight.
  /// Room for completions; 0: twice as many as entries. The kernel finds an operation to cancel in
  /// one of as many lists as there is room for 32, up to 8,192: see README.
  std::uint32_t completions = 0;
  std::uint32_t buffers = 256;               ///< For Buffers, a power of two.
  std::size_t buffer_bytes = 4 + 64 * 1024;  ///< A message of 64 KiB and its header fit.
  bool sqpoll = false;              ///< A kernel thread submits: no calls, but a busy core.
  bool check_memory = false;        ///< FramePool::check_memory().
  bool disabled = false;            ///< Does nothing before enable().
  std::chrono::nanoseconds spin{};  ///< How long to poll the ring before sleeping.

  /// Parses the value of `--ring`: `entries=4,buffers=2,sqpoll`. Error: invalid_argument.
  static Result<Setup> parse(std::string_view list);
};

/// The syntax of the value of `--ring`, in a line.
std::string setup_syntax();

}  // namespace uring
