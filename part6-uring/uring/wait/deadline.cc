#include "uring/wait/deadline.h"

namespace uring {

bool Deadline::PassedWait::may_begin(Error cancelled) {
  if (cancelled == Error{} && !deadline_.has_passed()) cancelled = deadline_.reason();
  return LoopWait::may_begin(cancelled) && !deadline_.has_passed();
}

void Deadline::PassedWait::start(std::coroutine_handle<> awaiting) {
  wait(awaiting);
  belong_to_scope();
  attachment_.attach(deadline_, *this);
}

/// By the deadline, by another limit or by the scope.
void Deadline::PassedWait::cancel(Error reason) {
  if (!deadline_.has_passed()) return LoopWait::cancel(reason);
  if (!woken() && this->reason() == Error{}) wake();
}

}  // namespace uring
