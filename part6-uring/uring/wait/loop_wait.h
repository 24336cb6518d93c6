#pragma once

#include <coroutine>

#include "uring/cancel/canceller.h"
#include "uring/wait/suspended.h"

namespace uring {

class LoopCore;

/// A coroutine that is suspended until something happens in the loop itself, in the list of those
/// that wait for the same.
class WaitNode : public Suspended {
 public:
  /// What was waited for has happened. Lets the coroutine go on; no timeout or canceller changes
  /// that any more.
  void wake(LoopCore& loop);
  bool woken() const { return woken_; }

 private:
  bool woken_ = false;
};

using WaitList = IntrusiveList<WaitNode>;

/// A wait for something that happens in the loop itself, for Awaitable: a condition,
/// the end of a task.
class LoopWait : public Cancellable {
 public:
  explicit LoopWait(LoopCore& loop) : loop_(&loop) {}

  LoopCore& loop() const { return *loop_; }

  /// Ends it with `reason`, unless what it waits for has happened.
  void cancel(Error reason) override;

 protected:
  /// False, and status() says why: it is cancelled by `cancelled`, or with the current scope.
  bool may_begin(Error cancelled);

  /// Notes which coroutine is to go on, and puts it into that list.
  void suspend_in(WaitList& list, std::coroutine_handle<> awaiting) {
    note(awaiting);
    list.push_back(node_);
  }
  void note(std::coroutine_handle<> awaiting);

  /// Makes it end with the current scope.
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
