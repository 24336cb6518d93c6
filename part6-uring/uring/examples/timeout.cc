// A timeout for one operation, and a deadline that several share.
// Try it: ./timeout   then ./timeout </dev/null

#include <unistd.h>

#include <cstdio>

#include "uring/loop.h"

using namespace std::chrono_literals;

// [wait]
uring::Task<> wait_for_input(uring::Loop& loop) {
  const auto input = uring::Descriptor::borrowed(STDIN_FILENO);
  std::array<std::byte, 80> line;

  const auto first = co_await loop.read(input, line).within(50ms);
  std::printf("first: %s\n", first ? "there" : first.error().message().c_str());

  uring::Deadline deadline(loop, uring::Clock::now() + 300ms);
  const auto slept = co_await loop.sleep(10ms).until(deadline);
  std::printf("slept: %s\n", slept ? "enough" : slept.error().message().c_str());
  const auto second = co_await loop.read(input, line).until(deadline);
  std::printf("second: %s\n", second ? "there" : second.error().message().c_str());
}
// [/wait]

int main() {
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }
  (*loop)->run(wait_for_input(**loop));
}
