#pragma once

#include "uring/cancel/canceller.h"
#include "uring/running/loop_core.h"
#include "uring/time/timer.h"

namespace uring {

/// A point in time that many operations share, one after another or side by side:
///
///     Deadline deadline(loop, Clock::now() + 10s);
///     co_await loop.recv(fd, buffer).until(deadline);
///     co_await loop.send(fd, answer).until(deadline);   // both within the same ten seconds
///
/// When it passes, those under way end with Error::timed_out, and later ones immediately, until it
/// is renewed. As a Canceller it can also have a scope in its hands, with all that is in it: see
/// Attachment; and it may end before its operations, which then have no limit any more.
class Deadline : public Canceller, public Timer {
 public:
  explicit Deadline(LoopCore& loop, Clock::time_point due = never) : Timer(due) {
    set(loop.timers(), due);
  }

  /// Moves it, also after it has passed.
  void renew(Clock::time_point due) {
    reset();
    set(timers(), due);
  }

 private:
  void expire() override { cancel(Error::timed_out); }
};

}  // namespace uring
