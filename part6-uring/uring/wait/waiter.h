#pragma once

#include <coroutine>

#include "uring/memory/intrusive_list.h"

namespace uring {

class Canceller;

/// A coroutine that can go on at the loop's next opportunity. Leaves the loop's queue when it ends.
class Waiter : public Node {
 public:
  /// Remembers the coroutine that waits, and in which scope it runs.
  void wait(Canceller& scope, std::coroutine_handle<> coroutine) {
    coroutine_ = coroutine;
    scope_ = &scope;
  }

  std::coroutine_handle<> coroutine() const { return coroutine_; }
  Canceller& scope() const { return *scope_; }
  bool waiting() const { return coroutine_ != nullptr; }

 private:
  std::coroutine_handle<> coroutine_;
  Canceller* scope_ = nullptr;
};

}  // namespace uring
