#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace finger {

/// Does something at each signal of a kind, in a thread of its own: what takes long, as to ask the
/// system who its users are, and is not permitted in a signal handler. Signals that come while it
/// is at work count as one.
class SignalAction {
 public:
  /// Blocks the signal in the calling thread and those that it starts: it waits for a SignalAction,
  /// and no other thread takes it. Before any other is started.
  static void hold(int signal);

  SignalAction(int signal, std::function<void()> act);
  SignalAction(const SignalAction&) = delete;
  SignalAction& operator=(const SignalAction&) = delete;
  ~SignalAction();

 private:
  void work();

  const int signal_;
  const std::function<void()> act_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace finger
