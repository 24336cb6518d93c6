#include "uring/wait/loop_wait.h"

#include "uring/loop_core.h"

namespace uring {

void WaitNode::wake(LoopCore& loop) {
  woken_ = true;
  loop.make_ready(*this);
}

bool LoopWait::may_begin(Error cancelled) {
  reason_ = cancelled;
  if (reason_ == Error{}) reason_ = loop().current_scope().reason();
  return reason_ == Error{};
}

void LoopWait::note(std::coroutine_handle<> awaiting) {
  node_.set(loop().waiting_scope(), awaiting);
}

void LoopWait::belong_to_scope() { loop().current_scope().add(*this); }

void LoopWait::cancel(Error reason) {
  if (woken() || reason_ != Error{}) return;
  reason_ = reason;
  loop().make_ready(node_);  // which takes it out of its list
}

Status LoopWait::status() const {
  if (reason_ != Error{}) return std::unexpected(make_error_code(reason_));
  return {};
}

}  // namespace uring
