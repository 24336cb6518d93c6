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

/// A coroutine whose scope was cancelled begins nothing, so a waiter that is notified and then
/// cancelled passes the notification on to the next. If there is no other, the notification wins.
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
