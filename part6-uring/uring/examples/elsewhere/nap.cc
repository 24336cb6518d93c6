// A program of another project: the CMakeLists.txt here shows what that needs.

#include <cstdio>

#include "uring/loop.h"

uring::Task<> nap(uring::Loop& loop) {
  const auto slept = co_await loop.sleep(std::chrono::milliseconds(10));
  std::puts(slept ? "slept" : slept.error().message().c_str());
}

int main() {
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }
  (*loop)->run(nap(**loop));
}
