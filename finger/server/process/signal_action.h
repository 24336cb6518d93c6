#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace finger {

/// Runs a function at each signal of a kind, in a thread of its own: for what takes long, as asking
/// the system for its users does, and is not permitted in a signal handler. Signals that arrive
/// while the function runs count as one.
class SignalAction {
 public:
  /// Blocks the signal in the calling thread and in those that it starts: it stays pending until a
  /// SignalAction takes it. Call it before any other thread is started.
  static void hold(int signal);

  /// Error: a line that says why there can be no thread.
  static std::expected<std::unique_ptr<SignalAction>, std::string> create(
      int signal, std::function<void()> act);
  SignalAction(const SignalAction&) = delete;
  SignalAction& operator=(const SignalAction&) = delete;
  ~SignalAction();

 private:
  SignalAction(int signal, std::function<void()> act);
  void work();

  const int signal_;
  const std::function<void()> act_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace finger
