#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <functional>
#include <memory>

#include "common/result.h"
#include "common/server/duration.h"

namespace common {

/// Turns SIGINT and SIGTERM into an orderly stop, like SignalThread, but without a thread. The
/// signal handler calls `stop`, which must be async-signal-safe: storing to an atomic and write(2)
/// to an eventfd are, and not much more. Source: signal-safety(7). The first signal calls `stop`. A
/// second one after `same_stop`, or the end of `drain_timeout`, ends the process immediately, with
/// 0. Only one may exist at a time, and it must not outlive the objects that `stop` uses.
class SignalWakeup {
 public:
  /// Starts to handle the signals. Errors: of timer_create(2).
  static Result<std::unique_ptr<SignalWakeup>> create(std::chrono::milliseconds drain_timeout,
                                                      std::function<void()> stop);
  SignalWakeup(const SignalWakeup&) = delete;
  SignalWakeup& operator=(const SignalWakeup&) = delete;
  ~SignalWakeup();

  /// One of several servers that fails calls this, on any thread. It is the same as SIGTERM, but
  /// the process ends with 1.
  static void stop_after_failure();

 private:
  SignalWakeup(std::chrono::milliseconds drain_timeout, std::function<void()> stop, timer_t timer);
  static void on_signal(int number, siginfo_t* about, void* context);

  std::chrono::milliseconds drain_timeout_;
  std::function<void()> stop_;  ///< Calling it neither allocates nor locks.
  timer_t drain_timer_;
  static constexpr auto never = Clock::time_point::max();
  std::atomic<Clock::time_point> asked_at_ = never;  ///< Two threads may handle a signal at once.
  static_assert(decltype(asked_at_)::is_always_lock_free);  // a handler must not wait for a lock
  std::atomic<int> exit_status_ = 0;
};

}  // namespace common
