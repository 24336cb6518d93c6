#pragma once

#include <cstdint>

#include "uring/loop.h"
#include "uring/task.h"

// What a fuzzer of the loop is made of: fuzz_main.cc plays rounds and names the one that fails.
namespace fuzz {

struct Figures {
  std::uint64_t rounds = 0;
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checked = 0;  ///< Streams of which every byte was accounted for.
};

/// A round: what the fuzzer is about. All that it makes has ended when it ends. The seed decides
/// everything but how fast the kernel is.
uring::Task<> play(uring::Loop& loop, unsigned seed, Figures& figures);

/// Says what is wrong with the round, and ends the process.
[[noreturn]] void fail(const char* what);

}  // namespace fuzz
