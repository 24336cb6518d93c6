#pragma once

#include <chrono>
#include <cstdint>

/// What the variants share: small programs that measure one thing which no stage does, each alone
/// with the kernel. They end the process where a system call fails.
namespace variants {

/// CPU time of the calling thread.
std::chrono::nanoseconds thread_cpu_time();

/// `result`, if it is not negative. Else ends the process with one line, which names `what` failed.
std::int64_t check(std::int64_t result, const char* what);

}  // namespace variants
