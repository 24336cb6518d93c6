#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "common/result.h"

namespace common {

/// Turns SIGINT and SIGTERM into an orderly stop. They are blocked in every thread, and one
/// thread does nothing but wait for them, so a signal can come at any moment without
/// interrupting anything: sigwait(3). The first calls `stop` (on that thread). A second one after
/// `same_stop`, or `drain_timeout` passing, ends the process immediately, with 0. Create it before
/// any other thread: threads inherit the blocked signals. There is one at a time; it must not
/// outlive what `stop` uses.
class SignalThread {
 public:
  /// Starts to wait for the signals. Error: EAGAIN, the system allows no more threads.
  static Result<std::unique_ptr<SignalThread>> create(std::chrono::milliseconds drain_timeout,
                                                      std::function<void()> stop);
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;
  ~SignalThread();

  /// A thread of the server that has failed calls this: it stops the others as the first signal
  /// would. They have as long for it, but the process ends with 1.
  static void stop_after_failure();

 private:
  SignalThread() = default;
  void wait_for_signals(std::chrono::milliseconds drain_timeout, const std::function<void()>& stop);

  std::atomic<bool> done_ = false;
  std::atomic<int> exit_status_ = 0;
  std::thread thread_;
};

}  // namespace common
