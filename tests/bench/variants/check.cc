#include "variants/check.h"

#include <fmt/format.h>
#include <time.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/server/log.h"

namespace variants {

std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  check(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), "clock_gettime");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::int64_t check(std::int64_t result, const char* what) {
  if (result >= 0) return result;
  common::log(fmt::format("{}: {}", what, std::strerror(errno)));
  std::exit(1);
}

}  // namespace variants
