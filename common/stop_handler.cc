#include "common/stop_handler.h"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>
#include <utility>

namespace common {
namespace {

StopHandler* handler = nullptr;  // set before the signals are handled, cleared after

constexpr int stop_signals[] = {SIGINT, SIGTERM, SIGALRM};

void set_action(void (*function)(int)) {
  struct sigaction action {};
  action.sa_handler = function;
  action.sa_flags = SA_RESTART;
  for (const int number : stop_signals) sigaddset(&action.sa_mask, number);
  for (const int number : stop_signals)
    (void)::sigaction(number, &action, nullptr);  // valid numbers
}

/// Starts the clock whose end is a SIGALRM. timer_settime(2) is async-signal-safe.
void start(timer_t timer, std::chrono::milliseconds duration) {
  // 0 would stop the clock instead.
  const auto at_least = std::max(std::chrono::nanoseconds(duration), std::chrono::nanoseconds(1));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at_least);
  const itimerspec once{
      .it_interval = {},
      .it_value = {.tv_sec = seconds.count(), .tv_nsec = (at_least - seconds).count()}};
  (void)::timer_settime(timer, 0, &once, nullptr);  // fails only for a wrong argument
}

}  // namespace

StopHandler::StopHandler(std::chrono::milliseconds drain_timeout, std::function<void()> stop)
    : drain_timeout_(drain_timeout), stop_(std::move(stop)) {
  assert(handler == nullptr);
  sigevent alarm{};
  alarm.sigev_notify = SIGEV_SIGNAL;
  alarm.sigev_signo = SIGALRM;
  if (::timer_create(CLOCK_MONOTONIC, &alarm, &drain_timer_) < 0) {
    throw std::system_error(errno, std::system_category(), "timer_create");
  }
  handler = this;
  set_action(&StopHandler::on_signal);
}

StopHandler::~StopHandler() {
  set_action(SIG_IGN);  // stopped already: who asks again gets what he wants
  (void)::timer_delete(drain_timer_);
  handler = nullptr;
}

void StopHandler::on_signal(int number) {
  const int saved_errno = errno;
  if (handler->asked_.exchange(true) || number == SIGALRM) {
    constexpr std::string_view line = "stopped before every connection was closed\n";
    (void)!::write(STDERR_FILENO, line.data(), line.size());
    ::_exit(0);  // not exit(3): nothing here may be destroyed while it is in use
  }
  start(handler->drain_timer_, handler->drain_timeout_);
  handler->stop_();
  errno = saved_errno;
}

}  // namespace common
