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
/// Attachment.
class Deadline : public Canceller, public Timer {
 public:
  explicit Deadline(LoopCore& loop, Clock::time_point due = never) : Timer(due) { set(loop, due); }

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
    void cancel(Error reason) override;

   protected:
    bool may_begin(Error cancelled);
    void start(std::coroutine_handle<> awaiting);
    Status take() const { return status(); }

   private:
    Deadline& deadline_;
    Attachment attachment_;
  };
  using Passed = Await<PassedWait>;

  /// Waits for it, also if it is renewed meanwhile. Yields a Status. Errors: cancelled, if that was
  /// cancelled by hand or the scope was; timed_out, for another timeout that was earlier.
  Passed passed() { return Passed(PassedWait(*this)); }

 private:
  void expire() override { cancel(Error::timed_out); }
};

}  // namespace uring
