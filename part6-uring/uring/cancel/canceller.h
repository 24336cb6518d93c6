#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "uring/error.h"
#include "uring/memory/intrusive_list.h"

namespace uring {

/// Something under way that can be asked to end early: an operation, or a scope full of them.
class Cancellable : public Node {
 public:
  virtual ~Cancellable() = default;

  /// Asks for the end, which comes later, with `reason` as the error unless the kernel was faster.
  virtual void cancel(Error reason) = 0;

  /// The user_data of its request; 0: none.
  virtual std::uint64_t user_data() const { return 0; }

 protected:
  Cancellable() = default;
};

/// A handle to cancel one operation or many.
///
///     Canceller stop;
///     co_await loop.read(fd, buffer).cancelled_by(stop);   // elsewhere: stop.cancel();
///
/// Once cancelled, a canceller stays so, and operations that begin later end immediately. So the
/// caller need not know whether the other side has begun. A canceller may be destroyed before or
/// after its operations.
class Canceller {
 public:
  Canceller() = default;
  Canceller(const Canceller&) = delete;
  Canceller& operator=(const Canceller&) = delete;

  void cancel(Error reason = Error::cancelled);

  /// Makes the canceller usable again.
  void reset() { reason_ = Error{}; }

  /// The error that new operations would end with; Error{}: none.
  Error reason() const { return reason_; }

  bool empty() const { return members_.empty(); }

  /// Moves `member` to this canceller's list. An operation or a scope that has begun is in the list
  /// of its own scope, so a further canceller needs an Attachment.
  void add(Cancellable& member) { members_.push_back(member); }

  /// The user_data of the first operation in flight; 0: none.
  std::uint64_t user_data() const { return empty() ? 0 : members_.front()->user_data(); }

 private:
  IntrusiveList<Cancellable> members_;
  Error reason_{};
};

/// Lets one more canceller cancel `target`, for as long as this object exists.
class Attachment final : public Cancellable {
 public:
  void attach(Canceller& canceller, Cancellable& target) {
    target_ = &target;
    canceller.add(*this);
  }

  void cancel(Error reason) override { target_->cancel(reason); }
  std::uint64_t user_data() const override { return target_->user_data(); }

 private:
  Cancellable* target_ = nullptr;
};

/// Lets `n` cancellers end a wait, from attach() on.
template <std::size_t n>
class Attachments {
 public:
  explicit Attachments(const std::array<Canceller*, n>& cancellers) : cancellers_(cancellers) {}

  /// The reason of the first canceller that is cancelled already; Error{}: none is.
  Error reason() const {
    for (const Canceller* const each : cancellers_) {
      if (each->reason() != Error{}) return each->reason();
    }
    return {};
  }

  void attach(Cancellable& target) {
    for (std::size_t i = 0; i < n; ++i) attachments_[i].attach(*cancellers_[i], target);
  }

 private:
  std::array<Canceller*, n> cancellers_;
  std::array<Attachment, n> attachments_;
};

/// Without cancellers, attachments take no room.
template <>
class Attachments<0> {
 public:
  explicit Attachments(const std::array<Canceller*, 0>& /*none*/) {}
  static Error reason() { return {}; }
  static void attach(Cancellable& /*target*/) {}
};

}  // namespace uring
