#include "uring/condition.h"

namespace uring {

void Condition::wake_all() {
  while (WaitNode* const first = waiting_.front()) first->wake(loop_);
}

void Condition::ConditionWait::suspend(std::coroutine_handle<> awaiting) {
  suspend_in(condition_.waiting_, awaiting);
  belong_to_scope();
  unclaimed_ = true;
}

Status Condition::ConditionWait::claim() {
  unclaimed_ = false;
  return status();
}

/// This waiter has been notified and may not use the notification any more: a coroutine whose scope
/// was cancelled begins nothing. So the next waiter has it. Where there is none, this one wins.
void Condition::ConditionWait::cancel(Error reason) {
  if (!woken()) return LoopWait::cancel(reason);
  if (!unclaimed_ || this->reason() != Error{} || condition_.waiting_.empty()) return;
  set_reason(reason);
  condition_.notify_one();
}

void Condition::ConditionWait::abandon() {
  if (unclaimed_ && woken() && reason() == Error{}) condition_.notify_one();
}

}  // namespace uring
