#include "finger/process/parent.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "in_child.h"

/// Replaces the C library's, because a process that was waited for may have passed its number on.
extern "C" int kill(pid_t pid, int signal) noexcept {
  const auto result = ::syscall(SYS_kill, pid, signal);
  if (result < 0 && errno == ESRCH) std::fputs("a process that is gone was killed\n", stderr);
  return static_cast<int>(result);
}

namespace {

using finger::Control;
using finger::Parent;
using std::chrono::milliseconds;

constexpr Parent::Limits limits{.start = milliseconds(300),
                                .silence = milliseconds(300),
                                .second_look = milliseconds(300),
                                .drain = milliseconds(2000)};

/// Returns how many workers have begun, for all processes to see.
std::atomic<int>& begun() {
  static void* const page = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) std::_Exit(2);
  return *static_cast<std::atomic<int>*>(page);
}

void send_to_parent(int signal) { (void)::kill(::getppid(), signal); }

void wait_until_begun(int count) {
  while (begun() < count) ::usleep(1000);
}

/// Returns the parent's next order, or 0 if it's gone, or sends nothing within the limit.
char hear(const Control& control, milliseconds limit) {
  pollfd heard{.fd = control.fd().get(), .events = POLLIN, .revents = 0};
  char word = 0;
  if (::poll(&heard, 1, static_cast<int>(limit.count())) <= 0) return 0;
  return ::recv(heard.fd, &word, 1, 0) == 1 ? word : '\0';
}

/// Sends signs of life, and prints each order, until the parent wants it to end or is gone.
[[noreturn]] void serve(const Control& control) {
  while (true) {
    control.say(Control::alive);
    pollfd heard{.fd = control.fd().get(), .events = POLLIN, .revents = 0};
    if (::poll(&heard, 1, 20) <= 0) continue;
    const char word = hear(control, milliseconds(0));
    if (word == 0) std::_Exit(0);
    std::fprintf(stderr, "told %c\n", word);
    if (word != Control::tell) std::_Exit(0);
  }
}

using Work = std::function<void(int number, const Control& control)>;

/// Runs a parent whose workers do what `work` does, by their number, and then serve. Returns the
/// exit status.
int run(const Work& work) {
  begun() = 0;
  Parent::hold_signals();
  Parent parent(
      {.listeners = {},
       .limits = limits,
       .run_worker = [&work](std::vector<common::Fd>& /*listeners*/, Control control) -> int {
         work(begun()++, control);
         serve(control);
       },
       .announce = [] { std::fputs("announced\n", stderr); },
       .manager = {}});
  return parent.run();
}

/// Expects no worker to be left, not even one that has ended: a manager would report it.
[[noreturn]] void run_parent(const Work& work) {
  const int status = run(work);
  if (::waitpid(-1, nullptr, WNOHANG) >= 0) std::fputs("a worker is left over\n", stderr);
  std::_Exit(status);
}

const testing::ExitedWithCode stopped(0);
const testing::ExitedWithCode failed(1);
const std::string serving = "^serving 1 user\nannounced\n";

/// The old worker may print its order before or after the parent's line.
std::string reloaded(const std::string& found) {
  return "(told l\n)?reloaded: serving " + found + "; before: 1\n(told l\n)?";
}

// We believe a worker's messages only until it serves, because later a client may control them.
TEST(ParentDeathTest, ReplacesTheWorkerThatServes) {
  const auto work = [](int number, const Control& control) {
    if (number == 0) {
      control.say(Control::ready, "1 user");
      control.say(Control::ready, "99 users");
      control.say(Control::failed, "all is lost");
      send_to_parent(SIGHUP);
      return;
    }
    control.say(Control::ready, "3 users; no account: ghost");
    ::usleep(100'000);  // meanwhile the old worker ends
    send_to_parent(SIGTERM);
  };
  EXPECT_EXIT(run_parent(work), stopped,
              serving + reloaded("3 users; no account: ghost") + "told d\n$");
}

// The first signal starts worker number 1, which hangs. The second signal comes meanwhile.
TEST(ParentDeathTest, KillsAWorkerThatHangsAtItsStartAndTriesTheNext) {
  const auto work = [](int number, const Control& control) {
    if (number == 1) tests::never_finish();
    control.say(Control::ready, "1 user");
    if (number == 2) return send_to_parent(SIGTERM);
    send_to_parent(SIGHUP);
    wait_until_begun(2);
    send_to_parent(SIGHUP);
  };
  EXPECT_EXIT(run_parent(work), stopped,
              serving + "cannot reload, so the old worker goes on: .* in time: .*\n" +
                  reloaded("1 user") + "told d\n(told l\n)?$");
}

TEST(ParentDeathTest, EndsIfTheFirstWorkerDoesNotServe) {
  EXPECT_EXIT(run_parent([](int, const Control&) { tests::never_finish(); }), failed,
              "^the worker is not ready in time: .*\n$");
  EXPECT_EXIT(run_parent([](int, const Control&) { std::_Exit(3); }), failed,
              "^the worker ended before it served: exit status 3\n$");
  const auto fail = [](int, const Control& control) {
    control.say(Control::failed, "there is no group finger");
    std::_Exit(1);
  };
  EXPECT_EXIT(run_parent(fail), failed, "^there is no group finger\n$");
}

/// Runs in the parent: fork(2) of the second worker, the first that fails, doesn't return before
/// that worker has ended.
void wait_for_the_second_worker() {
  static int forks = 0;
  if (++forks != 2) return;
  siginfo_t ended{};
  (void)::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT);
}

// This happens before the parent reads the reason: SIGCHLD comes with the signal that started the
// worker.
TEST(ParentDeathTest, KillsNoProcessThatItHasWaitedFor) {
  const auto work = [](int number, const Control& control) {
    if (number == 1) {
      control.say(Control::failed, "there is no group finger");
      std::_Exit(1);
    }
    control.say(Control::ready, "1 user");
    send_to_parent(SIGHUP);
    wait_until_begun(2);
    ::usleep(100'000);  // by then the parent has heard of it
    send_to_parent(SIGTERM);
  };
  const auto run_with_late_forks = [&] {
    (void)::pthread_atfork(nullptr, wait_for_the_second_worker, nullptr);
    run_parent(work);
  };
  EXPECT_EXIT(run_with_late_forks(), stopped,
              serving + "cannot reload, so the old worker goes on: there is no group finger\n" +
                  "told d\n$");
}

// The other worker would keep the port, and nobody would end it.
TEST(ParentDeathTest, LeavesNoWorkerBehindThatStarts) {
  const auto die_while_another_hangs = [](int number, const Control& control) {
    if (number == 1) tests::never_finish();
    control.say(Control::ready, "1 user");
    send_to_parent(SIGHUP);
    wait_until_begun(2);
    (void)::raise(SIGKILL);
  };
  EXPECT_EXIT(run_parent(die_while_another_hangs), failed, "signal 9\n$");
}

// After a pause of the whole machine, time has passed for the parent, but no sign of life came.
TEST(ParentDeathTest, LooksTwiceBeforeAWorkerCountsAsSilent) {
  const auto pause = [](int, const Control& control) {
    for (int i = 0; i < 3; ++i) {
      control.say(i == 0 ? Control::ready : Control::alive, "1 user");
      ::usleep(450'000);  // longer than the first look waits, but shorter than both
    }
    send_to_parent(SIGTERM);
  };
  EXPECT_EXIT(run_parent(pause), stopped, serving + "told d\n$");
}

/// Makes a child of the parent, like fingerd-look, whose directory answers at last. Returns its id.
std::string leave_a_process_that_answers_late() {
  alignas(16) static std::array<std::byte, 64 * 1024> stack;
  const auto answer_late = [](void*) -> int {
    ::usleep(100'000);
    // We don't call _Exit, because AddressSanitizer would complain about a stack that it doesn't
    // know.
    return 0;
  };
  const int flags = CLONE_PARENT | SIGCHLD;
  return std::to_string(::clone(answer_late, stack.data() + stack.size(), flags, nullptr));
}

TEST(ParentDeathTest, DoesNotReloadAllTheTimeForADirectoryThatIsAlwaysLate) {
  const auto work = [](int number, const Control& control) {
    const auto process = leave_a_process_that_answers_late();
    control.say(Control::silent, process);
    control.say(Control::ready, "1 user");
    if (number == 0) return;
    ::usleep(200'000);  // by then that process has ended
    send_to_parent(SIGTERM);
  };
  EXPECT_EXIT(run_parent(work), stopped, serving + reloaded("1 user") + "told d\n(told l\n)?$");
}

// The message may reach the parent when the process has ended, and was waited for.
TEST(ParentDeathTest, ReloadsForADirectoryThatHasAnsweredBeforeItWasSaidToBeSilent) {
  const auto work = [](int number, const Control& control) {
    if (number == 0) {
      const auto process = leave_a_process_that_answers_late();
      while (::access(("/proc/" + process).c_str(), F_OK) == 0) ::usleep(1000);
      control.say(Control::silent, process);
    }
    control.say(Control::ready, "1 user");
    if (number == 1) send_to_parent(SIGTERM);
  };
  EXPECT_EXIT(run_parent(work), stopped, serving + reloaded("1 user") + "told d\n(told l\n)?$");
}

// Process 1 adopts all orphans, and a module that knows accounts may make some.
TEST(ParentDeathTest, DoesNotReloadForAChildOfOtherPeoples) {
  const auto work = [](int, const Control& control) {
    (void)leave_a_process_that_answers_late();
    control.say(Control::ready, "1 user");
    ::usleep(300'000);  // by then that process has ended
    send_to_parent(SIGTERM);
  };
  EXPECT_EXIT(run_parent(work), stopped, serving + "told d\n$");
}

}  // namespace
