#pragma once

#include <atomic>
#include <csignal>
#include <expected>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <thread>

namespace finger {

using Signals = std::initializer_list<int>;
sigset_t set_of(Signals signals);

/// Runs a function at each of some signals, in a thread of its own: for what takes long, as asking
/// the system for its users does, and is not permitted in a signal handler. While it runs, a signal
/// that comes waits; if the same one comes again meanwhile, the function still runs once more only.
class SignalAction {
 public:
  /// Blocks the signals in the calling thread and in those that it starts: they stay pending until
  /// a SignalAction takes them. Call it before any other thread is started.
  static void hold(Signals signals);

  /// Error: a line that says why there can be no thread.
  static std::expected<std::unique_ptr<SignalAction>, std::string> create(
      Signals signals, std::function<void(int signal)> act);
  SignalAction(const SignalAction&) = delete;
  SignalAction& operator=(const SignalAction&) = delete;
  ~SignalAction();

 private:
  SignalAction(Signals signals, std::function<void(int signal)> act);
  void work();

  const int any_signal_;
  const sigset_t signals_;
  const std::function<void(int signal)> act_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace finger
