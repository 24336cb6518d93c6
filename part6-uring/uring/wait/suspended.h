#pragma once

#include <coroutine>

#include "uring/memory/intrusive_list.h"

namespace uring {

class Canceller;

/// A suspended coroutine, and the scope in which to resume it. A coroutine in the loop's queue
/// resumes at the next opportunity. The destructor leaves that queue.
class Suspended : public Node {
 public:
  void set(Canceller& scope, std::coroutine_handle<> coroutine) {
    coroutine_ = coroutine;
    scope_ = &scope;
  }

  std::coroutine_handle<> coroutine() const { return coroutine_; }
  Canceller& scope() const { return *scope_; }

 private:
  std::coroutine_handle<> coroutine_;
  Canceller* scope_ = nullptr;
};

}  // namespace uring
