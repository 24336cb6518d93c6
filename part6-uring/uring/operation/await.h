#pragma once

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "uring/wait/canceller.h"
#include "uring/wait/timer.h"

namespace uring {

class Deadline;

/// How long something may take, if that is limited.
struct Unlimited {};

/// What co_await takes: something that may take a while, and what may end it early. Made in the
/// expression that awaits it, and modified there, in any order and any number of times: all of it
/// holds. Of several timeouts the first to pass counts, and so does the first canceller.
///
///     co_await loop.recv(fd, buffer).within(5s).until(deadline).cancelled_by(stop);
///     co_await changed.wait().within(5s);
///
/// `Inner` is what takes a while: an operation (AwaitedOperation), or what happens in the loop
/// itself (LoopWait). A result that is there wins over a timeout or canceller that comes later.
///
/// Time is measured by the loop, which cancels what is late. So a timeout ends whatever can be
/// cancelled, also what a worker thread of the kernel's does, and takes no entry in the ring.
template <typename Inner, bool timed = false, std::size_t cancellers = 0>
class [[nodiscard]] Await final : public Inner {
 public:
  explicit Await(Inner inner) : Inner(std::move(inner)) {}
  Await(Await&& other) noexcept = default;
  ~Await() { this->abandon(); }

  /// Ends with Error::timed_out if it takes longer, from now on.
  Await<Inner, true, cancellers> within(std::chrono::nanoseconds timeout) && {
    const auto now = Clock::now();
    const bool has_end = timeout < Clock::time_point::max() - now;
    return std::move(*this).until(has_end ? now + timeout : Clock::time_point::max());
  }
  Await<Inner, true, cancellers> until(Clock::time_point due) && {
    if constexpr (timed) due = std::min(due, limit_.due());
    return {std::move(*this), TimeLimit(due), std::move(attachments_)};
  }

  /// Does not begin if it has passed.
  Await<Inner, timed, cancellers + 1> until(Deadline& deadline) && {
    return std::move(*this).cancelled_by(deadline);
  }

  /// Does not begin if that is cancelled already.
  Await<Inner, timed, cancellers + 1> cancelled_by(Canceller& canceller) && {
    return {std::move(*this), std::move(limit_),
            Attachments<cancellers + 1>(attachments_, canceller)};
  }

  /// Is not cancelled with its scope.
  Await shielded() && requires requires(Inner& inner) { inner.shield(); }
  {
    this->shield();
    return std::move(*this);
  }

  /// Is done with the rights of Ring::register_credentials(). Error: EINVAL, no such number.
  Await as(std::uint16_t credentials) && requires requires(Inner& inner) {
    inner.use_credentials(credentials);
  }
  {
    this->use_credentials(credentials);
    return std::move(*this);
  }

  /// Is not tried inline, in the thread that submits it: a worker thread of the kernel's has it
  /// from the start (IOSQE_ASYNC, io_uring_sqe_set_flags(3)). For what may wait even where it is
  /// tried inline, as to open a file: only the lookup of its names is sure not to wait there.
  Await async() && requires requires(Inner& inner) { inner.force_async(); }
  {
    this->force_async();
    return std::move(*this);
  }

  /// In a link: what comes after it is done even if this one fails or falls short.
  Await whatever_happens() && requires requires(Inner& inner) { inner.use_hard_link(); }
  {
    this->use_hard_link();
    return std::move(*this);
  }

  bool await_ready() { return !this->may_begin(attachments_.reason()); }

  void await_suspend(std::coroutine_handle<> awaiting) {
    hand_over();
    this->start(awaiting);
  }

  auto await_resume() {
    if constexpr (requires { Inner::never_fails_unless_limited; } && !timed && cancellers == 0) {
      return;
    } else {
      return this->take();
    }
  }

  // For links.

  Error reason_not_to_begin() const {
    const Error reason = attachments_.reason();
    return reason != Error{} ? reason : Inner::reason_not_to_begin();
  }
  void fill(unsigned link_flags) {
    hand_over();
    Inner::fill(link_flags);
  }

 private:
  template <typename, bool, std::size_t>
  friend class Await;
  using Limit = std::conditional_t<timed, TimeLimit, Unlimited>;

  Await(Inner&& inner, Limit limit, Attachments<cancellers>&& attachments)
      : Inner(std::move(inner)), limit_(std::move(limit)), attachments_(std::move(attachments)) {}

  /// To those that may end it early.
  void hand_over() {
    attachments_.attach(*this);
    if constexpr (timed) limit_.arm(this->loop(), *this);
  }

  [[no_unique_address]] Limit limit_;
  [[no_unique_address]] Attachments<cancellers> attachments_;
};

}  // namespace uring
