#include "uring/scope.h"

#include <cassert>

namespace uring {

Scope::Scope(LoopCore& loop) : loop_(loop) {
  Canceller& parent = loop.current_scope();
  parent.add(*this);
  if (parent.reason() != Error{}) cancel(parent.reason());
}

Scope::~Scope() {
  // A task that destroys its own scope would resume in a frame that is gone.
  assert(children_.empty() || &loop_.current_scope() != &canceller_);
  if (size_ > 0) cancel();  // all together, so that waiting for each of them is short
  destroy_children();
  wake_joining();
}

void Scope::spawn(Task<> child) {
  const auto frame = child.release();
  frame.promise().set_owner(*this);
  children_.push_back(frame.promise());
  ++size_;
  loop_.run_in(canceller_, frame);
}

void Scope::finished(Promise<void>& child) {
  --size_;
  loop_.destroy_later(child);  // not here: we are called from inside the frame
  if (size_ == 0) wake_joining();
}

void Promise<void>::tell_owner() { owner_->finished(*this); }

/// Destroys the frames where they are suspended.
void Scope::destroy_children() {
  while (Promise<void>* child = children_.take_front()) child->handle().destroy();
}

void Scope::wake_joining() {
  while (WaitNode* const first = joining_.front()) first->wake(loop_);
}

}  // namespace uring
