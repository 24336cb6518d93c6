#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/fd.h"

/// What the variants share: small programs that measure one thing which no stage does, each alone
/// with the kernel. They end the process where a system call fails.
namespace loopback {

/// A TCP connection, both ends of it here.
struct Pair {
  common::Fd ours;  ///< Accepted, non-blocking.
  common::Fd peer;
};

/// So many connections over 127.0.0.1, with TCP_NODELAY at both ends.
std::vector<Pair> connect_pairs(std::size_t count);

/// CPU time of the calling thread.
std::chrono::nanoseconds thread_cpu_time();

/// `result`, if it is not negative. Else ends the process with one line, which names `what` failed.
std::int64_t check(std::int64_t result, const char* what);

}  // namespace loopback
