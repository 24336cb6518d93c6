#pragma once

#include <coroutine>

#include "uring/cancel/canceller.h"
#include "uring/wait/suspended.h"

namespace uring {

class LoopCore;

/// A coroutine that is suspended until something happens in the loop itself, in the list of all
/// that wait for the same thing.
class WaitNode : public Suspended {
 public:
  /// Makes the coroutine ready, because its wait is over. No timeout or canceller changes that any
  /// more.
  void wake(LoopCore& loop);
  bool woken() const { return woken_; }

 private:
  bool woken_ = false;
};

using WaitList = IntrusiveList<WaitNode>;

/// The Wait of an Awaitable (see there) for something that happens in the loop itself, such as a
/// notification or the end of a task.
class LoopWait : public Cancellable {
 public:
  explicit LoopWait(LoopCore& loop) : loop_(&loop) {}

  LoopCore& loop() const { return *loop_; }

  /// Ends the wait with `reason`, unless the coroutine was woken or cancelled before.
  void cancel(Error reason) override;

 protected:
  /// False if the wait is cancelled already, with the reason `cancelled` or by the current scope;
  /// status() says why.
  bool may_begin(Error cancelled);

  /// Notes the coroutine to resume, and puts the wait into `list`.
  void suspend_in(WaitList& list, std::coroutine_handle<> awaiting) {
    note(awaiting);
    list.push_back(node_);
  }
  void note(std::coroutine_handle<> awaiting);

  /// Lets the current scope cancel the wait.
  void belong_to_scope();

  void abandon() {}

  bool woken() const { return node_.woken(); }
  void wake() { node_.wake(loop()); }

  void set_reason(Error reason) { reason_ = reason; }
  Error reason() const { return reason_; }
  Status status() const;

 private:
  LoopCore* loop_;
  WaitNode node_;
  Error reason_{};
};

}  // namespace uring
