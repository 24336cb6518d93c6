#pragma once

#include <coroutine>

#include "uring/loop_core.h"
#include "uring/operation/await.h"
#include "uring/wait/canceller.h"
#include "uring/wait/loop_wait.h"
#include "uring/wait/timer.h"

namespace uring {

/// A point in time that many operations share, one after another or side by side:
///
///     Deadline deadline(loop, Clock::now() + 10s);
///     co_await loop.recv(fd, buffer).until(deadline);
///     co_await loop.send(fd, answer).until(deadline);   // both within the same ten seconds
///
/// When it passes, those under way end with Error::timed_out, and later ones immediately, until it
/// is renewed. As a Canceller it can also have a scope in its hands, with all that is in it: see
/// Attachment; and it may end before its operations, which then have no limit any more. Only a wait
/// for passed() ends with it.
class Deadline : public Canceller, public Timer {
 public:
  explicit Deadline(LoopCore& loop, Clock::time_point due = never) : Timer(due) { set(loop, due); }
  ~Deadline() override { in_vain_.cancel(); }

  /// Moves it, also after it has passed. Usually a store: one that moves away keeps its place until
  /// the loop comes to it.
  void renew(Clock::time_point due) {
    reset();
    set(loop(), due);
  }

  bool has_passed() const { return reason() == Error::timed_out; }

  class PassedWait : public LoopWait {
   public:
    explicit PassedWait(Deadline& deadline) : LoopWait(deadline.loop()), deadline_(deadline) {}
    using LoopWait::shield;

   protected:
    bool may_begin(Error cancelled);
    void start(std::coroutine_handle<> awaiting);
    Status take() const { return status(); }

   private:
    Deadline& deadline_;  ///< Not after start(): it may end.
    Attachment by_hand_;  ///< By Canceller::cancel() of the deadline,
    Attachment in_vain_;  ///< or with it.
  };
  using Passed = Await<PassedWait>;

  /// Waits for it, also if it is renewed meanwhile. Yields a Status. Errors: cancelled, if the
  /// deadline was cancelled by hand or has ended, or if the scope was cancelled; timed_out, for
  /// another timeout that was earlier.
  Passed passed() { return Passed(PassedWait(*this)); }

 private:
  void expire() override;

  WaitList passing_;   ///< Those in passed().
  Canceller in_vain_;  ///< The same, for when it ends.
};

}  // namespace uring
