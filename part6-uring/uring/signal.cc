#include "uring/signal.h"

#include "uring/loop.h"

namespace uring {

void Signal::notify_one() {
  if (Waiter* first = waiting_.front()) loop_.make_ready(*first);
}

void Signal::wake_all() {
  while (Waiter* first = waiting_.front()) loop_.make_ready(*first);
}

bool Signal::Wait::await_ready() {
  reason_ = signal_.loop_.current_scope().reason();
  return reason_ != Error{};
}

void Signal::Wait::await_suspend(std::coroutine_handle<> awaiting) {
  waiter_.wait(signal_.loop_, awaiting);
  signal_.waiting_.push_back(waiter_);
  signal_.loop_.current_scope().add(*this);
}

Status Signal::Wait::await_resume() const {
  if (reason_ != Error{}) return std::unexpected(make_error_code(reason_));
  return {};
}

void Signal::Wait::cancel(Error reason) {
  if (reason_ != Error{}) return;
  reason_ = reason;
  signal_.notify_one();  // if it was told already, the next shall hear of it
  signal_.loop_.make_ready(waiter_);
}

}  // namespace uring
