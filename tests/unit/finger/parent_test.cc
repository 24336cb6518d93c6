#include "finger/server/supervision/parent.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

#include "common/fd.h"
#include "finger/service/counters.h"
#include "finger/service/takeover.h"
#include "in_child.h"

namespace {

using finger::Parent;
using finger::Report;
using std::chrono::milliseconds;

constexpr Parent::Limits limits{.start = milliseconds(300),
                                .drain = milliseconds(2000),
                                .pause = milliseconds(10),
                                .sound = milliseconds(200)};

/// How many workers have begun, for all processes to see.
std::atomic<int>& begun() {
  static void* const page = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) std::_Exit(2);
  return *static_cast<std::atomic<int>*>(page);
}

/// Workers do what `work` does, by their number; what run() returns is the exit status.
[[noreturn]] void run_parent(const std::function<void(int number, Report& report)>& work) {
  begun() = 0;
  const auto generations = finger::Generations::create(1);
  auto busy = finger::BusyHomes::create();
  Parent parent(
      {}, limits,
      [&work](finger::Listeners /*listeners*/, Report& report) -> int {
        work(begun()++, report);
        tests::never_finish();
      },
      [] {}, finger::ServiceManager(), *finger::Takeover::begin(""), **generations, *busy);
  const auto status = parent.run();
  std::_Exit(status ? *status : 2);
}

void send_to_parent(int signal) { (void)::kill(::getppid(), signal); }

void wait_until_begun(int count) {
  while (begun() < count) ::usleep(1000);
}

// Number 1 is asked for by a signal, and hangs. The second signal comes meanwhile.
[[noreturn]] void reload_while_a_worker_hangs() {
  run_parent([](int number, Report& report) {
    if (number == 1) return;
    (void)report.ready({});
    if (number == 2) return send_to_parent(SIGTERM);
    send_to_parent(SIGHUP);
    wait_until_begun(2);
    send_to_parent(SIGHUP);
  });
}

TEST(ParentDeathTest, KillsAWorkerThatHangsAtItsStartAndTriesTheNext) {
  EXPECT_EXIT(reload_while_a_worker_hangs(), ::testing::ExitedWithCode(0),
              "^cannot reload, the worker before goes on: .* in time: .*\n"
              "(reloaded: worker [0-9]+ serves 0 users, before 0\n)?$");  // unless its SIGTERM is
                                                                          // heard before it
}

[[noreturn]] void stop_while_a_worker_hangs() {
  run_parent([](int number, Report& report) {
    if (number == 1) return send_to_parent(SIGTERM);
    (void)report.ready({});
    send_to_parent(SIGHUP);
  });
}

TEST(ParentDeathTest, StopsWhileAWorkerHangsAtItsStart) {
  EXPECT_EXIT(stop_while_a_worker_hangs(), ::testing::ExitedWithCode(0), "^$");
}

TEST(ParentDeathTest, CannotRunIfTheFirstWorkerHangsAtItsStart) {
  EXPECT_EXIT(run_parent([](int, Report&) {}), ::testing::ExitedWithCode(1),
              "^the worker is not ready in time");
}

// The first serves, and dies of it like all others.
TEST(ParentDeathTest, GivesUpWhenWorkersFailAgainAndAgain) {
  const auto fail = [](int number, Report& report) {
    if (number == 0) (void)report.ready({});
    std::_Exit(3);
  };
  EXPECT_EXIT(run_parent(fail), ::testing::ExitedWithCode(1),
              "^a worker has ended by itself: exit status 3\n"
              "(no worker serves, another is tried: .* exit status 3\n){5}"
              "6 workers in a row have failed: giving up\n$");
}

TEST(ParentDeathTest, GivesUpWhenWorkersServeAndDieOfIt) {
  const auto fail = [](int /*number*/, Report& report) {
    (void)report.ready({});
    std::_Exit(3);
  };
  EXPECT_EXIT(run_parent(fail), ::testing::ExitedWithCode(1),
              "^(a worker has ended by itself: exit status 3\n){6}6 workers in a row");
}

// Twice as many as it would give up after; the fifth serves for a while, and so does the tenth.
TEST(ParentDeathTest, CountsFailuresAnewWhenAWorkerHasServedForAWhile) {
  const auto work = [](int number, Report& report) {
    (void)report.ready({});
    if (number % 5 == 4) std::this_thread::sleep_for(limits.sound + milliseconds(150));
    if (number == 11) send_to_parent(SIGTERM);
    if (number == 11) return;
    std::_Exit(3);
  };
  EXPECT_EXIT(run_parent(work), ::testing::ExitedWithCode(0),
              "^(a worker has ended by itself: exit status 3\n){11}$");
}

}  // namespace
