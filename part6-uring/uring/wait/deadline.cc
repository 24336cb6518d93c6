#include "uring/wait/deadline.h"

namespace uring {

void Deadline::expire() {
  while (LoopWaiter* const first = passing_.front()) first->wake(loop());
  cancel(Error::timed_out);
}

bool Deadline::PassedWait::may_begin(Error cancelled) {
  if (cancelled == Error{} && !deadline_.has_passed()) cancelled = deadline_.reason();
  return LoopWait::may_begin(cancelled) && !deadline_.has_passed();
}

void Deadline::PassedWait::start(std::coroutine_handle<> awaiting) {
  wait_in(deadline_.passing_, awaiting);
  belong_to_scope();
  by_hand_.attach(deadline_, *this);
  in_vain_.attach(deadline_.in_vain_, *this);
}

}  // namespace uring
