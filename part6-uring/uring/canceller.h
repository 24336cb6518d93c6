#pragma once

#include <cstdint>

#include "uring/error.h"
#include "uring/intrusive_list.h"

namespace uring {

/// Something under way that can be asked to end early: an operation, or a scope full of them.
class Cancellable : public Node {
 public:
  virtual ~Cancellable() = default;

  /// Asks; the end comes later, with `reason` as its error unless the kernel was faster.
  virtual void cancel(Error reason) = 0;

  /// What the kernel knows it by (user_data); 0: nothing.
  virtual std::uint64_t user_data() const { return 0; }

 protected:
  Cancellable() = default;
  Cancellable(Cancellable&&) = default;
};

/// A handle to cancel what is under way: one operation or many.
///
///     Canceller stop;
///     co_await loop.read(fd, buffer).cancelled_by(stop);   // elsewhere: stop.cancel();
///
/// Once cancelled it stays so, and operations that begin later end immediately: the caller
/// need not know whether the other side has begun. May end before or after its operations.
class Canceller {
 public:
  Canceller() = default;
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;

  void cancel(Error reason = Error::cancelled);

  /// May be used again.
  void reset() { reason_ = Error{}; }

  /// Why new operations would end immediately; Error{}: they would not.
  Error reason() const { return reason_; }

  bool empty() const { return members_.empty(); }
  void add(Cancellable& member) { members_.push_back(member); }

  /// That of the first operation under way; 0: there is none.
  std::uint64_t user_data() const { return empty() ? 0 : members_.front()->user_data(); }

 private:
  IntrusiveList<Cancellable> members_;
  Error reason_{};
};

}  // namespace uring
