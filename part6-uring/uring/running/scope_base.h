#pragma once

#include "uring/cancel/canceller.h"
#include "uring/error.h"

namespace uring {

template <typename T>
class Promise;

/// What operations, waits and tasks know of the scope in which they run: see Scope.
class ScopeBase : public Cancellable {
 public:
  void cancel(Error reason = Error::cancelled) override { canceller_.cancel(reason); }

  /// Why operations in it end immediately; Error{}: they do not.
  Error reason() const { return canceller_.reason(); }

  /// Makes it end with the scope, from now on.
  void add(Cancellable& member) { canceller_.add(member); }

  /// A child has run to its end.
  virtual void finished(Promise<void>& child) = 0;

 protected:
  ScopeBase() = default;

 private:
  Canceller canceller_;
};

}  // namespace uring
