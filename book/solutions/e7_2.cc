// Exercise 7.2: a pipe, a timer and signals, watched in one place.
// Try it: (sleep 1; echo hello; sleep 1) | ./e7_2 300

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "common/fd.h"

namespace {

/// Signals are read from a descriptor; they are blocked, or they would also have their usual
/// effect.
common::Fd open_signals() {
  sigset_t wanted;
  (void)::sigemptyset(&wanted);
  (void)::sigaddset(&wanted, SIGUSR1);
  (void)::sigaddset(&wanted, SIGTERM);
  (void)::sigprocmask(SIG_BLOCK, &wanted, nullptr);
  return common::Fd(::signalfd(-1, &wanted, SFD_CLOEXEC));
}

common::Fd open_timer(long period_ms) {
  common::Fd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const timespec period{.tv_sec = period_ms / 1000, .tv_nsec = period_ms % 1000 * 1'000'000};
  const itimerspec times{.it_interval = period, .it_value = period};
  (void)::timerfd_settime(timer.get(), 0, &times, nullptr);
  return timer;
}

/// False: the input has ended.
bool read_input() {
  std::array<char, 4096> bytes;
  const ssize_t received = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (received > 0) std::printf("input %zd\n", received);
  return received > 0;
}

/// A read returns how often the timer has expired since the last one.
void read_timer(const common::Fd& timer, std::uint64_t& ticks) {
  std::uint64_t expirations = 0;
  (void)!::read(timer.get(), &expirations, sizeof expirations);
  ticks += expirations;
  std::printf("tick %ju\n", static_cast<std::uintmax_t>(ticks));
}

/// False: it was SIGTERM, which ends the program.
bool read_signal(const common::Fd& signals) {
  signalfd_siginfo info{};
  (void)!::read(signals.get(), &info, sizeof info);
  if (info.ssi_signo == SIGUSR1) std::puts("signal USR1");
  return info.ssi_signo != SIGTERM;
}

}  // namespace

int main(int argc, char** argv) {
  const common::Fd signals = open_signals();
  const common::Fd timer = open_timer(argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1000);
  const common::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  for (const int watched : {STDIN_FILENO, timer.get(), signals.get()}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = watched}};
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, watched, &event) < 0) {
      std::perror("epoll_ctl");  // EPERM: a file is always ready, and cannot be watched
      return 1;
    }
  }
  std::uint64_t ticks = 0;
  bool more = true;
  while (more) {
    std::array<epoll_event, 3> events;
    const int ready = ::epoll_wait(epoll.get(), events.data(), events.size(), -1);
    for (int i = 0; i < ready && more; ++i) {
      const int number = events[static_cast<std::size_t>(i)].data.fd;
      if (number == timer.get()) {
        read_timer(timer, ticks);
      } else {
        more = number == signals.get() ? read_signal(signals) : read_input();
      }
    }
    (void)std::fflush(stdout);
  }
  std::puts("end");
}
