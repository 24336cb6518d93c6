#include "common/server/signal_wakeup.h"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <span>
#include <utility>

#include "common/server/constants.h"

namespace common {
namespace {

SignalWakeup* handler = nullptr;  // set before the signals are handled, cleared after

constexpr int stop_signals[] = {SIGINT, SIGTERM};

sigset_t all_of(std::span<const int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

void set_action(struct sigaction action) {
  action.sa_mask = all_of(stop_signals);
  for (const int number : stop_signals)
    (void)::sigaction(number, &action, nullptr);  // valid numbers
}

/// Starts the timer. timer_settime(2) is async-signal-safe.
void start(timer_t timer, std::chrono::milliseconds duration) {
  // 0 would disarm the timer.
  const auto at_least = std::max(std::chrono::nanoseconds(duration), std::chrono::nanoseconds(1));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at_least);
  const auto nanoseconds = static_cast<long>((at_least - seconds).count());
  const itimerspec once{.it_interval = {},
                        .it_value = {.tv_sec = seconds.count(), .tv_nsec = nanoseconds}};
  (void)::timer_settime(timer, 0, &once, nullptr);  // fails only for a wrong argument
}

}  // namespace

Result<std::unique_ptr<SignalWakeup>> SignalWakeup::create(std::chrono::milliseconds drain_timeout,
                                                           std::function<void()> stop) {
  sigevent alarm{};
  alarm.sigev_notify = SIGEV_SIGNAL;
  // Not a number of the timer's own, such as SIGALRM, because whoever sends us that signal must end
  // us with it, and hasn't asked for a stop. alarm(2), for instance, survives exec.
  alarm.sigev_signo = SIGTERM;
  timer_t timer{};
  if (::timer_create(CLOCK_MONOTONIC, &alarm, &timer) < 0) return last_error();
  return std::unique_ptr<SignalWakeup>(new SignalWakeup(drain_timeout, std::move(stop), timer));
}

SignalWakeup::SignalWakeup(std::chrono::milliseconds drain_timeout, std::function<void()> stop,
                           timer_t timer)
    : drain_timeout_(drain_timeout), stop_(std::move(stop)), drain_timer_(timer) {
  assert(handler == nullptr);
  handler = this;
  struct sigaction action {};
  action.sa_sigaction = &SignalWakeup::on_signal;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  set_action(action);
  // The program that started us may have blocked the signals, and we inherit that.
  const sigset_t blocked = all_of(stop_signals);
  (void)::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
}

SignalWakeup::~SignalWakeup() {
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  set_action(ignored);  // the process is stopping already
  (void)::timer_delete(drain_timer_);
  handler = nullptr;
}

void SignalWakeup::stop_after_failure() {
  handler->exit_status_ = 1;
  (void)::raise(SIGTERM);  // cannot fail
}

void SignalWakeup::on_signal(int /*number*/, siginfo_t* about, void* /*context*/) {
  const int saved_errno = errno;
  const auto now = Clock::now();
  const bool is_over = about->si_code == SI_TIMER;
  auto first = never;
  const bool is_first = !is_over && handler->asked_at_.compare_exchange_strong(first, now);
  if (is_over || (!is_first && now - first >= same_stop)) {
    // Not exit(3), which would destroy objects in use.
    ::_exit(handler->exit_status_);
  }
  if (is_first) {
    handler->stop_();  // first, because another thread may get the timer's signal and end us
    start(handler->drain_timer_, handler->drain_timeout_);
  }
  errno = saved_errno;
}

}  // namespace common
