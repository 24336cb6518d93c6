#include "uring/signal.h"

#include "uring/loop.h"

namespace uring {

void Signal::wake_all() {
  while (LoopWaiter* const first = waiting_.front()) first->wake(loop_);
}

void Signal::SignalWait::start(std::coroutine_handle<> awaiting) {
  wait_in(signal_.waiting_, awaiting);
  belong_to_scope();
  unclaimed_ = true;
}

Status Signal::SignalWait::take() {
  unclaimed_ = false;
  return status();
}

/// It has been notified and may not use that any more: a coroutine whose scope was cancelled begins
/// nothing. So the next has it. Where there is none, it wins.
void Signal::SignalWait::cancel(Error reason) {
  if (!woken()) return LoopWait::cancel(reason);
  if (!unclaimed_ || this->reason() != Error{} || signal_.waiting_.empty()) return;
  set_reason(reason);
  signal_.notify_one();
}

void Signal::SignalWait::abandon() {
  if (unclaimed_ && woken() && reason() == Error{}) signal_.notify_one();
}

}  // namespace uring
