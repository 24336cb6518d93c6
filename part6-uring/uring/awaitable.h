#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "uring/cancel/canceller.h"
#include "uring/loop_core.h"
#include "uring/time/deadline.h"

namespace uring {

/// Takes the place of a point in time, or of a Deadline, if there is no timeout.
struct Unlimited {
  Unlimited() = default;
  Unlimited(LoopCore& /*loop*/, Unlimited /*due*/) {}
};

/// The cancellers, and one more.
template <std::size_t n>
std::array<Canceller*, n + 1> appended(const std::array<Canceller*, n>& cancellers,
                                       Canceller& other) {
  std::array<Canceller*, n + 1> all;
  std::copy(cancellers.begin(), cancellers.end(), all.begin());
  all.back() = &other;
  return all;
}

template <typename Wait, bool timed, std::size_t cancellers>
class Awaiter;

/// An operation or another wait, for co_await, with the timeouts and cancellers that may end it
/// early. Make an Awaitable in the co_await expression, and modify it there, in any order and any
/// number of times; all timeouts and cancellers apply. The first timeout to pass counts, and so
/// does the first canceller.
///
///     co_await loop.recv(fd, buffer).within(5s).until(deadline).cancelled_by(stop);
///     co_await changed.wait().within(5s);
///
/// Nothing begins before an Awaitable is awaited. Until then it only holds a `Wait::Source`, and
/// may be moved. `Wait` is an operation (OperationOf), or a wait for something in the loop itself
/// (LoopWait); co_await makes the wait in the frame of the coroutine, where it stays. A result wins
/// over a timeout or canceller that comes later.
///
/// The loop measures the time, and cancels late operations. So a timeout ends whatever can be
/// cancelled, even the work of an io worker, and takes no entry in the ring.
template <typename Wait, bool timed = false, std::size_t cancellers = 0>
class [[nodiscard]] Awaitable {
 public:
  using Source = typename Wait::Source;

  explicit Awaitable(Source source) : source_(std::move(source)) {}

  /// Ends the wait with Error::timed_out if it takes longer, from now on.
  Awaitable<Wait, true, cancellers> within(std::chrono::nanoseconds timeout) && {
    const auto now = Clock::now();
    const bool has_end = timeout < Clock::time_point::max() - now;
    return std::move(*this).until(has_end ? now + timeout : Clock::time_point::max());
  }
  Awaitable<Wait, true, cancellers> until(Clock::time_point due) && {
    if constexpr (timed) due = std::min(due, due_);
    return {std::move(source_), due, cancellers_};
  }

  /// A Deadline is a Canceller that the clock cancels. Once it has passed, the wait doesn't begin.
  Awaitable<Wait, timed, cancellers + 1> until(Deadline& deadline) && {
    return std::move(*this).cancelled_by(deadline);
  }

  /// Doesn't begin if `canceller` is cancelled already.
  Awaitable<Wait, timed, cancellers + 1> cancelled_by(Canceller& canceller) && {
    return {std::move(source_), due_, appended(cancellers_, canceller)};
  }

  /// Uses credentials from Ring::register_credentials(). Error: EINVAL if there is no such number.
  /// A close can't have them.
  Awaitable as(std::uint16_t credentials) && requires requires(Source& source) {
    source.use_credentials(credentials);
  }
  {
    source_.use_credentials(credentials);
    return std::move(*this);
  }

  /// Runs in an io worker from the start, and is not tried inline, in the thread that submits it
  /// (IOSQE_ASYNC, io_uring_sqe_set_flags(3)). For operations that may block even when tried
  /// inline, such as opening a file, where only the lookup of the names is sure not to.
  Awaitable async() && requires requires(Source& source) { source.force_async(); }
  {
    source_.force_async();
    return std::move(*this);
  }

  Awaiter<Wait, timed, cancellers> operator co_await() && {
    return Awaiter<Wait, timed, cancellers>(std::move(*this));
  }

 private:
  template <typename, bool, std::size_t>
  friend class Awaitable;
  template <typename, bool, std::size_t>
  friend class Awaiter;
  using Due = std::conditional_t<timed, Clock::time_point, Unlimited>;

  Awaitable(Source source, Due due, std::array<Canceller*, cancellers> all)
      : source_(std::move(source)), due_(due), cancellers_(all) {}

  Source source_;
  [[no_unique_address]] Due due_;
  [[no_unique_address]] std::array<Canceller*, cancellers> cancellers_{};
};

/// What co_await makes of an Awaitable, in the coroutine's frame.
template <typename Wait, bool timed, std::size_t cancellers>
class Awaiter final : public Wait {
 public:
  explicit Awaiter(Awaitable<Wait, timed, cancellers>&& await)
      : Wait(await.source_),
        limit_(this->loop(), await.due_),
        attachments_(with_limit(await.cancellers_)) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;
  ~Awaiter() { this->abandon(); }

  bool await_ready() { return !this->may_begin(attachments_.reason()); }

  void await_suspend(std::coroutine_handle<> awaiting) {
    attachments_.attach(*this);
    this->suspend(awaiting);
  }

  auto await_resume() {
    if constexpr (requires { Wait::never_fails_unless_limited; } && !timed && cancellers == 0) {
      return;
    } else {
      return this->claim();
    }
  }

 private:
  auto with_limit(const std::array<Canceller*, cancellers>& others) {
    if constexpr (timed) {
      return appended(others, limit_);
    } else {
      return others;
    }
  }

  [[no_unique_address]] std::conditional_t<timed, Deadline, Unlimited> limit_;
  [[no_unique_address]] Attachments<cancellers + (timed ? 1 : 0)> attachments_;  ///< Ends first.
};

}  // namespace uring
