#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "common/result.h"

namespace common {

/// Turns SIGINT and SIGTERM into an orderly stop. Every thread blocks both signals, and one thread
/// does nothing but wait for them, so a signal can come at any moment without interrupting
/// anything: sigwait(3). The first signal calls `stop` on that thread. A second one after
/// `same_stop`, or the end of `drain_timeout`, ends the process immediately, with 0. Create the
/// SignalThread before any other thread, because threads inherit the blocked signals. Only one may
/// exist at a time, and it must not outlive the objects that `stop` uses.
class SignalThread {
 public:
  /// Starts to wait for the signals. Error: EAGAIN if the system allows no more threads.
  static Result<std::unique_ptr<SignalThread>> create(std::chrono::milliseconds drain_timeout,
                                                      std::function<void()> stop);
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;
  ~SignalThread();

  /// A thread of the server that fails calls this. It is the same as SIGTERM, but the process ends
  /// with 1.
  static void stop_after_failure();

 private:
  SignalThread() = default;
  void wait_for_signals(std::chrono::milliseconds drain_timeout, const std::function<void()>& stop);

  std::atomic<bool> done_ = false;
  std::atomic<int> exit_status_ = 0;
  std::thread thread_;
};

}  // namespace common
