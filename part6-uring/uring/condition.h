#pragma once

#include <cassert>
#include <coroutine>
#include <functional>

#include "uring/awaitable.h"
#include "uring/wait/loop_wait.h"

namespace uring {

/// A condition variable for the coroutines of one loop: a buffer is back, a slot is free.
///
///     while (free_slots == 0) {
///       if (const auto waited = co_await freed.wait(); !waited) co_return;   // cancelled
///     }
///
/// A notified coroutine resumes at the loop's next opportunity, and checks the condition again. No
/// notification is lost: if a notified coroutine is cancelled or destroyed before it resumes, the
/// next one gets the notification. So a Condition must outlive every wait, even a wait that was
/// notified but hasn't resumed.
class Condition {
 public:
  explicit Condition(LoopCore& loop) : loop_(loop) {}
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  ~Condition() { assert(waiting_.empty()); }  // nobody waits any more

  void notify_one() {
    if (WaitNode* const first = waiting_.front()) first->wake(loop_);
  }
  void notify_all() {
    if (!waiting_.empty()) wake_all();
  }
  bool has_waiters() const { return !waiting_.empty(); }

  class ConditionWait : public LoopWait {
   public:
    using Source = std::reference_wrapper<Condition>;
    explicit ConditionWait(Condition& condition)
        : LoopWait(condition.loop_), condition_(condition) {}
    void cancel(Error reason) override;

   protected:
    using LoopWait::may_begin;
    void suspend(std::coroutine_handle<> awaiting);
    Status claim();
    void abandon();

   private:
    Condition& condition_;
    bool unclaimed_ = false;  ///< Suspended, and not resumed since.
  };
  using Wait = Awaitable<ConditionWait>;

  /// Yields a Status. Errors: timed_out; cancelled, or the reason its scope was cancelled for.
  Wait wait() { return Wait(*this); }

 private:
  void wake_all();

  LoopCore& loop_;
  WaitList waiting_;
};

}  // namespace uring
