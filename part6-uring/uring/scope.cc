#include "uring/scope.h"

#include <cassert>

#include "uring/loop.h"

namespace uring {

Scope::Scope(Loop& loop) : loop_(loop) {
  Scope& parent = loop.current_scope();
  parent.add(*this);
  if (parent.reason() != Error{}) cancel(parent.reason());
}

Scope::~Scope() {
  if (size_ > 0) cancel();  // all together, so that waiting for each of them is short
  while (Promise<void>* child = children_.front()) {
    child->unlink();
    child->handle().destroy();
  }
  if (joining_ != nullptr) joining_->go_on();
}

void Scope::spawn(Task<> child) {
  const auto frame = child.release();
  frame.promise().set_owner(*this);
  children_.push_back(frame.promise());
  ++size_;
  loop_.run_in(*this, frame);
}

void Scope::finished(Promise<void>& child) {
  --size_;
  loop_.bury(child);  // not here: we are called from inside the frame
  if (size_ == 0 && joining_ != nullptr) joining_->go_on();
}

void Scope::Join::await_suspend(std::coroutine_handle<> awaiting) {
  assert(scope_->joining_ == nullptr);
  waiter_.wait(scope_->loop_, awaiting);
  scope_->joining_ = this;
}

void Scope::Join::go_on() {
  scope_->loop_.make_ready(waiter_);
  scope_->joining_ = nullptr;
  scope_ = nullptr;
}

Scope::Join::~Join() {
  if (scope_ != nullptr && scope_->joining_ == this) scope_->joining_ = nullptr;
}

}  // namespace uring
