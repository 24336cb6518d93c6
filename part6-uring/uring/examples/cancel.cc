// Cancels one operation by its handle, then every task of a scope.
// Try it: ./cancel

#include <cstdio>

#include "uring/loop.h"

using namespace std::chrono_literals;

// [cancel]
uring::Task<> dream(uring::Loop& loop, const char* name, uring::Canceller& alarm) {
  const auto slept = co_await loop.sleep(1h).cancelled_by(alarm);
  std::printf("%s: %s\n", name, slept ? "slept well" : slept.error().message().c_str());
}

uring::Task<> wake_them(uring::Loop& loop) {
  uring::Canceller alarm;
  uring::Canceller unused;
  uring::Scope sleepers(loop);
  sleepers.spawn(dream(loop, "one", alarm));
  sleepers.spawn(dream(loop, "another", unused));

  alarm.cancel();
  (void)co_await loop.sleep(1ms);
  std::printf("still asleep: %zu\n", sleepers.size());
  sleepers.cancel();
  co_await sleepers.join();  // here both have finished, and so has the kernel
  std::printf("still asleep: %zu\n", sleepers.size());
}
// [/cancel]

int main() {
  const auto loop = uring::Loop::create({});
  if (!loop) {
    std::puts(uring::why_no_ring(loop.error()).c_str());
    return 1;
  }
  (*loop)->run(wake_them(**loop));
}
