#pragma once

#include <liburing.h>

#include <array>
#include <cerrno>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "uring/awaitable.h"
#include "uring/loop.h"
#include "uring/operation/operation_of.h"
#include "uring/wait/loop_wait.h"

namespace uring {

/// What a link is made of: an Awaitable for each member.
template <typename... Members>
class LinkSource {
 public:
  explicit LinkSource(Members&&... members) : members_(std::move(members)...) {}

  void shield() {
    std::apply([](auto&... one) { (one.source().shield(), ...); }, members_);
  }

  LoopCore& loop() { return std::get<0>(members_).source().loop(); }
  std::tuple<Members...>& members() { return members_; }

 private:
  std::tuple<Members...> members_;
};

/// What an Awaitable becomes.
template <typename Member>
using AwaiterOf = decltype(std::declval<Member>().operator co_await());

/// Several operations, for Awaitable: see link().
template <typename... Members>
class LinkWait : public LoopWait, public Joint {
 public:
  static constexpr std::size_t size = sizeof...(Members);
  using Source = LinkSource<Members...>;

  explicit LinkWait(Source& source)
      : LoopWait(source.loop()), members_(std::move(source.members())) {}

  void cancel(Error reason) override {
    each([reason](auto& one) { one.cancel(reason); });
  }

  void member_ended() override {
    if (--open_ == 0) return wake();
    // The next could not be found while it waited for this one.
    Operation* const next = head();
    if (next->reason() != Error{}) next->cancel(next->reason());
  }

  bool is_head(const Operation& member) const override { return head() == &member; }

 protected:
  bool may_begin(Error cancelled);
  void suspend(std::coroutine_handle<> awaiting);

  auto claim() {
    return std::apply([](auto&... one) { return std::tuple(one.claim()...); }, members_);
  }

  /// Abandons the members in their order: each waits for those before it at most.
  void abandon() {
    each([](auto& one) { one.abandon(); });
  }

 private:
  template <typename Visit>
  void each(Visit visit) {
    std::apply([&visit](auto&... one) { (visit(one), ...); }, members_);
  }

  /// The one at work: the first that has not ended.
  const Operation* head() const {
    const Operation* found = nullptr;
    const auto look = [&found](const Operation& one) {
      if (found == nullptr && one.in_flight()) found = &one;
    };
    std::apply([&look](const auto&... one) { (look(one), ...); }, members_);
    return found;
  }
  Operation* head() { return const_cast<Operation*>(std::as_const(*this).head()); }

  std::tuple<AwaiterOf<Members>...> members_;
  std::array<bool, size> begins_{};
  std::size_t open_ = 0;  ///< How many have begun and have not ended.
};

/// Decides for each member what would become of it alone: one that is cancelled already does not
/// begin, nor does anything after it, unless it was to be done whatever_happens().
template <typename... Members>
bool LinkWait<Members...>::may_begin(Error cancelled) {
  open_ = 0;
  Error broken{};
  each([&, i = std::size_t{0}](auto& one) mutable {
    Error reason = cancelled != Error{} ? cancelled : one.reason_not_to_begin();
    if (reason == Error{}) reason = broken;
    begins_[i] = reason == Error{};
    if (begins_[i]) {
      ++open_;
    } else {
      one.refuse(reason);
      if (!one.is_hard_link()) broken = Error::cancelled;
    }
    ++i;
  });
  if (open_ <= loop().ring().entries()) return open_ > 0;
  each([](auto& one) { one.refuse(-E2BIG); });
  return false;
}

template <typename... Members>
void LinkWait<Members...>::suspend(std::coroutine_handle<> awaiting) {
  note(awaiting);
  loop().reserve(static_cast<unsigned>(open_));
  const Operation* before = nullptr;
  each([&, i = std::size_t{0}, to_come = open_](auto& one) mutable {
    if (!begins_[i++]) return;
    const bool is_last = --to_come == 0;
    one.join(*this, before != nullptr);
    one.fill(is_last ? 0U : one.is_hard_link() ? IOSQE_IO_HARDLINK : IOSQE_IO_LINK);
    Trace* const trace = loop().trace();
    if (trace != nullptr && before != nullptr) trace->linked(before->trace_id(), one.trace_id());
    before = &one;
  });
}

/// Operations of which each begins when the one before it has succeeded, without a turn of the loop
/// in between:
///
///     auto results = co_await link(
///         loop.open_in_slot(slot, dir, "plan", O_RDONLY),
///         loop.read(Descriptor::direct(slot), buffer).whatever_happens(),   // it may fall short
///         loop.close_slot(slot));
///     auto& [opened, got, closed] = results;
///
/// Yields the results of all, in a tuple. Give it a name before you take it apart: in
/// `auto [opened, got, closed] = co_await …` it has none, and g++ 15 and 16 may not destroy it, nor
/// what it owns. https://gcc.gnu.org/PR124584
///
/// After one that fails or falls short the others end with Error::cancelled: they have not begun.
/// Each may have timeouts, deadlines and cancellers of its own, and so may the whole link. The time
/// of a member runs from the beginning of the link, not from its turn. A member that is cancelled
/// while it waits for another ends when it is its turn, or with its result if the kernel is faster;
/// cancelled before the link begins, it counts as failed.
///
/// All entries go in together. If the ring has fewer (Ring::entries()) all end with
/// argument_list_too_long and nothing has begun.
template <typename... Members>
Awaitable<LinkWait<Members...>> link(Members&&... members) {
  static_assert(sizeof...(Members) >= 2, "a link has two members or more");
  static_assert((std::is_rvalue_reference_v<Members&&> && ...),
                "a link takes operations over: make them in the same expression");
  static_assert((std::derived_from<AwaiterOf<Members>, Operation> && ...),
                "only operations of the kernel can be linked");
  return Awaitable<LinkWait<Members...>>(LinkSource<Members...>(std::move(members)...));
}

}  // namespace uring
