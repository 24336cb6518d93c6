// A container may have a monotonic clock of its own: time_namespaces(7). The kernel counts an
// absolute timeout of the ring by the host's clock, so the loop must hand over none.

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "fixture.h"
#include "uring/condition.h"

namespace {

using namespace tests;
using uring::Condition;
using uring::Deadline;

constexpr int cannot = 77;  // what a child says where the machine permits no such namespace

/// From now on children have a clock that is ahead by that much.
bool set_clock_of_children(std::chrono::seconds ahead) {
  if (::unshare(CLONE_NEWTIME) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWTIME) != 0) return false;
  const common::Fd offsets(::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC));
  std::array<char, 64> line;
  const int size = std::snprintf(line.data(), line.size(), "monotonic %lld 0",
                                 static_cast<long long>(ahead.count()));
  return ::write(offsets.get(), line.data(), static_cast<std::size_t>(size)) == size;
}

/// What the child ends with.
int status_of(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return EXIT_FAILURE;
  return WEXITSTATUS(status);
}

/// Runs the task in a process whose clock is ahead by that much, and returns its exit status.
int run_with_clock(std::chrono::seconds ahead, Task<> (*task)(Loop&)) {
  const pid_t parent = ::fork();
  if (parent != 0) return status_of(parent);
  if (!set_clock_of_children(ahead)) std::_Exit(cannot);
  const pid_t child = ::fork();
  if (child != 0) std::_Exit(status_of(child));
  const auto loop = tests::make_loop();
  loop->run(task(*loop));
  std::_Exit(::testing::Test::HasFailure() ? EXIT_FAILURE : EXIT_SUCCESS);
}

Task<> wait_in_every_way(Loop& loop) {
  const auto begin = Clock::now();
  EXPECT_THAT(co_await loop.sleep(20ms).within(10s), Succeeded());
  EXPECT_THAT(co_await loop.sleep_until(begin + 40ms).within(10s), Succeeded());
  EXPECT_GE(Clock::now(), begin + 40ms);
  Deadline deadline(loop, begin + 60ms);
  Condition never(loop);
  EXPECT_THAT(co_await never.wait().within(10s).until(deadline), TimedOut());
  EXPECT_GE(Clock::now(), deadline.due());
  EXPECT_LT(Clock::now(), begin + 5s);

  EXPECT_THAT(co_await loop.sleep(1h).within(20ms), TimedOut());
  EXPECT_THAT(co_await loop.sleep_until(Clock::now() + 3s).within(20ms), TimedOut());
  deadline.renew(Clock::now() + 1h);
  EXPECT_THAT(co_await never.wait().within(20ms).until(deadline), TimedOut());
}

class UringTimeNamespace : public ::testing::TestWithParam<std::chrono::seconds> {};

TEST_P(UringTimeNamespace, EveryWaitTakesItsTime) {
  const int status = run_with_clock(GetParam(), wait_in_every_way);
  if (status == cannot) GTEST_SKIP() << "no time namespace can be made here";
  EXPECT_EQ(status, EXIT_SUCCESS);
}

// A container that was moved here from a machine that had run for longer has a clock that is ahead;
// the other one is late by no more than the seconds that any machine has been up.
INSTANTIATE_TEST_SUITE_P(Clock, UringTimeNamespace, ::testing::Values(1'000'000s, -5s));

}  // namespace
