#pragma once

#include <coroutine>

#include "uring/memory/intrusive_list.h"

namespace uring {

class Loop;
class Scope;

/// A coroutine that can go on at the loop's next opportunity. Leaves the loop's queue when it ends.
class Waiter : public Node {
 public:
  Waiter() = default;
  Waiter(Waiter&&) = default;

  /// Remembers the coroutine that waits, and in which scope it runs.
  void wait(Loop& loop, std::coroutine_handle<> coroutine);

  std::coroutine_handle<> coroutine() const { return coroutine_; }
  Scope& scope() const { return *scope_; }
  bool waiting() const { return coroutine_ != nullptr; }

 private:
  std::coroutine_handle<> coroutine_;
  Scope* scope_ = nullptr;
};

}  // namespace uring
