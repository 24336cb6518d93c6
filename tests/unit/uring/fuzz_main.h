#pragma once

#include <cstdint>

#include "uring/loop.h"
#include "uring/task.h"

// The interface between a fuzzer of the loop and fuzz_main.cc, which plays rounds and names the one
// that fails.
namespace fuzz {

struct Figures {
  std::uint64_t rounds = 0;
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checked = 0;  ///< Streams with every byte accounted for.
};

/// Plays a round, which the fuzzer defines. When it ends, everything that it made has ended. The
/// seed decides everything but the speed of the kernel.
uring::Task<> play(uring::Loop& loop, unsigned seed, Figures& figures);

/// Prints what is wrong with the round, and ends the process.
[[noreturn]] void fail(const char* what);

}  // namespace fuzz
