#pragma once

#include <cassert>
#include <coroutine>

#include "uring/await.h"
#include "uring/loop_wait.h"

namespace uring {

/// A condition variable for the coroutines of one loop: a buffer is back, a place is free.
///
///     while (places == 0) {
///       if (const auto told = co_await freed.wait(); !told) co_return;   // cancelled
///     }
///
/// A coroutine that was notified goes on at the loop's next opportunity, and looks again whether it
/// is still true. A notification is not lost: if the coroutine that has it is cancelled or
/// destroyed before it goes on, the next has it. So a Signal outlives every wait for it, those too
/// that were notified and have not gone on.
class Signal {
 public:
  explicit Signal(Loop& loop) : loop_(loop) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal() { assert(waiting_.empty()); }  // it outlives those that wait for it

  void notify_one() {
    if (LoopWaiter* const first = waiting_.front()) first->wake(loop_);
  }
  void notify_all() {
    if (!waiting_.empty()) wake_all();
  }
  bool has_waiters() const { return !waiting_.empty(); }

  class SignalWait : public LoopWait {
   public:
    explicit SignalWait(Signal& signal) : LoopWait(signal.loop_), signal_(signal) {}
    SignalWait(SignalWait&&) = default;
    using LoopWait::shield;
    void cancel(Error reason) override;

   protected:
    using LoopWait::may_begin;
    void start(std::coroutine_handle<> awaiting);
    Status take();
    void abandon();

   private:
    Signal& signal_;
    bool unclaimed_ = false;  ///< A notification would be.
  };
  using Wait = Await<SignalWait>;

  /// Yields a Status. Errors: timed_out; cancelled, or whatever its scope was cancelled for.
  Wait wait() { return Wait(SignalWait(*this)); }

 private:
  void wake_all();

  Loop& loop_;
  WaitList waiting_;
};

}  // namespace uring
