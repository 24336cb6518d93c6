#pragma once

#include <coroutine>
#include <cstddef>
#include <tuple>
#include <utility>

#include "uring/await.h"
#include "uring/loop.h"

namespace uring {

/// Operations of which each begins when the one before it has succeeded, without a turn of the loop
/// in between:
///
///     auto [opened, got, closed] = co_await link(
///         loop.open_direct(dir, "plan", O_RDONLY, slot),
///         loop.read(slot, buffer).whatever_happens(),   // a short read would break the link
///         loop.close_direct(slot));
///
/// Yields the results of all. Behind one that fails or falls short the others end with
/// Error::cancelled. All entries go in together, so a link is no longer than the ring.
template <typename... Members>
class [[nodiscard]] Link final : public Joint, public Cancellable {
 public:
  static constexpr std::size_t size = sizeof...(Members);
  static_assert(size >= 2);

  explicit Link(Members&&... members) : members_(std::move(members)...) {}
  Link(Link&& other) noexcept : members_(std::move(other.members_)), canceller_(other.canceller_) {}
  ~Link() {
    each([](auto& one) { one.cancel_now(); });
  }

  Link until(Deadline& deadline) && { return std::move(*this).cancelled_by(deadline); }
  Link cancelled_by(Canceller& canceller) && {
    canceller_ = &canceller;
    return std::move(*this);
  }

  bool await_ready() {
    Error reason = std::get<0>(members_).reason_not_to_begin();
    if (canceller_ != nullptr && canceller_->reason() != Error{}) reason = canceller_->reason();
    if (reason == Error{}) return false;
    each([reason](auto& one) { one.refuse(reason); });
    return true;
  }

  void await_suspend(std::coroutine_handle<> awaiting) {
    if (canceller_ != nullptr) canceller_->add(*this);
    Loop& loop = std::get<0>(members_).loop();
    waiter_.wait(loop, awaiting);
    open_ = size;
    unsigned entries = 0;
    each([&entries](auto& one) { entries += one.entries_needed(); });
    loop.reserve(entries);
    fill_from<0>(loop);
  }

  auto await_resume() {
    return std::apply([](auto&... one) { return std::tuple(one.take()...); }, members_);
  }

  void cancel(Error reason) override {
    each([reason](auto& one) { one.cancel(reason); });
  }

  void member_ended(Operation& member) override {
    --open_;
    if (&member == &last()) {
      // Those before it that had nothing to report have succeeded: its completion is theirs, too.
      each([](auto& one) { one.in_flight() ? one.succeeded_without_cqe() : void(); });
    } else if (was_skipped(member)) {
      // One that skips its completion and has one has failed. The kernel cancels what comes after
      // it without completions.
      bool after = false;
      each([&](auto& one) {
        if (after && one.in_flight()) one.cancelled_without_cqe();
        after = after || &one == &member;
      });
    } else if (Operation* next = head(); next != nullptr && next->reason() != Error{}) {
      next->cancel(next->reason());  // it could not be found while it waited for this one
    }
    if (open_ == 0) std::get<0>(members_).make_ready(waiter_);
  }

  bool is_head(const Operation& member) const override { return head() == &member; }

 private:
  template <std::size_t I>
  void fill_from(Loop& loop) {
    auto& member = std::get<I>(members_);
    member.join(*this);
    io_uring_sqe& entry = member.fill();
    if constexpr (I + 1 < size) {
      constexpr __u8 soft = IOSQE_IO_LINK;
      constexpr __u8 hard = IOSQE_IO_HARDLINK;
      entry.flags |= member.is_hard_link() ? hard : soft;
      fill_from<I + 1>(loop);
      if (Trace* trace = loop.trace()) trace->linked(member, std::get<I + 1>(members_));
    }
  }

  const Operation& last() const { return std::get<size - 1>(members_); }

  /// The one at work: the first that has not ended. Of one that skips its completion that is not
  /// known.
  Operation* head() const {
    Operation* found = nullptr;
    each([&found](auto& one) {
      if (found == nullptr && one.in_flight() && !one.skips_success()) found = &one;
    });
    return found;
  }

  bool was_skipped(const Operation& member) const {
    bool skips = false;
    each([&](auto& one) { skips = skips || (&one == &member && one.skips_success()); });
    return skips && last().in_flight();
  }

  template <typename Visit>
  void each(Visit visit) const {
    std::apply([&visit](auto&... one) { (visit(one), ...); }, members_);
  }

  mutable std::tuple<Members...> members_;
  Canceller* canceller_ = nullptr;
  Waiter waiter_;
  std::size_t open_ = 0;
};

template <typename... Members>
Link<Members...> link(Members&&... members) {
  static_assert((std::is_rvalue_reference_v<Members&&> && ...));
  return Link<Members...>(std::move(members)...);
}

}  // namespace uring
