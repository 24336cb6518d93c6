#pragma once

#include <cassert>
#include <coroutine>

#include "uring/canceller.h"
#include "uring/scope.h"

namespace uring {

/// A condition variable for the coroutines of one loop: a buffer is back, a place is free.
///
///     while (places == 0) {
///       if (const auto told = co_await freed.wait(); !told) co_return;   // cancelled
///     }
///
/// A coroutine that was notified goes on at the loop's next opportunity, and looks again whether it
/// is still true.
class Signal {
 public:
  explicit Signal(Loop& loop) : loop_(loop) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal() { assert(waiting_.empty()); }  // it outlives those that wait for it

  void notify_one();
  void notify_all() {
    if (!waiting_.empty()) wake_all();
  }
  bool has_waiters() const { return !waiting_.empty(); }

  class Wait final : public Cancellable {
   public:
    explicit Wait(Signal& signal) : signal_(signal) {}
    bool await_ready();
    void await_suspend(std::coroutine_handle<> awaiting);
    Status await_resume() const;
    void cancel(Error reason) override;

   private:
    friend class Signal;
    Signal& signal_;
    Waiter waiter_;
    Error reason_{};
  };
  /// Error: cancelled, or whatever its scope was cancelled for.
  Wait wait() { return Wait(*this); }

 private:
  void wake_all();

  Loop& loop_;
  IntrusiveList<Waiter> waiting_;
};

}  // namespace uring
