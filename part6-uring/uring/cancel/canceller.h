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

  /// Asks; the end comes later, with `reason` as its error unless the kernel was faster.
  virtual void cancel(Error reason) = 0;

  /// What the kernel knows it by (user_data); 0: nothing.
  virtual std::uint64_t user_data() const { return 0; }

 protected:
  Cancellable() = default;
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

  /// Takes it out of the list that it is in, if it is in one: an operation or a scope that has
  /// begun is in that of its scope. What is in the hands of another canceller, too, has
  /// Attachments.
  void add(Cancellable& member) { members_.push_back(member); }

  /// The user_data of the first operation under way; 0: there is none.
  std::uint64_t user_data() const { return empty() ? 0 : members_.front()->user_data(); }

 private:
  IntrusiveList<Cancellable> members_;
  Error reason_{};
};

/// Puts what a scope can cancel into the hands of one canceller more, for as long as this exists.
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

/// What `n` cancellers may end. The wait is not in their hands before attach().
template <std::size_t n>
class Attachments {
 public:
  explicit Attachments(const std::array<Canceller*, n>& cancellers) : cancellers_(cancellers) {}

  /// Why one of them is cancelled already; Error{}: none is.
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

/// The attachments of what is in nobody's hands: they take no room.
template <>
class Attachments<0> {
 public:
  explicit Attachments(const std::array<Canceller*, 0>& /*none*/) {}
  static Error reason() { return {}; }
  static void attach(Cancellable& /*target*/) {}
};

}  // namespace uring
