#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <unordered_set>
#include <utility>

namespace finger {

/// Tells a watchdog that a process is not stuck, for as long as that is true of each of its loops:
/// every loop reports when it turns, and one that does not keeps the watchdog waiting.
class Heartbeat {
 public:
  /// `alive` is called once for every time that so many loops have reported.
  Heartbeat(std::chrono::microseconds interval, std::size_t loops, std::function<void()> alive)
      : interval_(interval), loops_(loops), alive_(std::move(alive)) {}

  /// How often each loop is to report.
  std::chrono::microseconds interval() const { return interval_; }

  /// From the thread of the loop, of which `loop` is the name.
  void beat(const void* loop) {
    const std::scoped_lock lock(mutex_);
    reported_.insert(loop);
    if (reported_.size() < loops_) return;
    reported_.clear();
    alive_();
  }

 private:
  const std::chrono::microseconds interval_;
  const std::size_t loops_;
  const std::function<void()> alive_;
  std::mutex mutex_;
  std::unordered_set<const void*> reported_;  ///< Since `alive` was called.
};

}  // namespace finger
