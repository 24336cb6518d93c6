// The modifiers of anything that can be awaited, .within(), .until(), .cancelled_by() and .as(), in
// every order; and which operations have .async().

#include <array>
#include <chrono>
#include <concepts>
#include <utility>

#include "fixture.h"

namespace {

using namespace tests;
using uring::Canceller;
using uring::Condition;
using uring::Deadline;
using uring::Status;

constexpr int limits = 4;
constexpr auto soon = 5ms;

/// Four limits, one of which is reached soon, and the others never.
class Limits {
 public:
  Limits(Loop& loop, int tight)
      : timeout(tight == 0 ? std::chrono::nanoseconds(soon) : 1h),
        due(Clock::now() + (tight == 1 ? std::chrono::nanoseconds(soon) : 1h)),
        deadline(loop, Clock::now() + (tight == 2 ? std::chrono::nanoseconds(soon) : 1h)),
        expected(tight == 3 ? Error::cancelled : Error::timed_out) {}

  std::chrono::nanoseconds timeout;
  Clock::time_point due;
  Deadline deadline;
  Canceller canceller;  ///< The caller cancels it.
  Error expected;
};

template <int which>
auto limit(auto awaitable, Limits& by) {
  if constexpr (which == 0) return std::move(awaitable).within(by.timeout);
  if constexpr (which == 1) return std::move(awaitable).until(by.due);
  if constexpr (which == 2) return std::move(awaitable).until(by.deadline);
  if constexpr (which == 3) return std::move(awaitable).cancelled_by(by.canceller);
}

/// Applies the limits in the order of the digits, and after each the modifier that isn't a limit.
/// Not async(), because a kernel timeout doesn't reach an operation in an io worker.
template <int order, int number = 0>
auto limit_all(auto awaitable, Limits& by) {
  if constexpr (number == limits) {
    return awaitable;
  } else {
    return limit_all<order / 10, number + 1>(limit<order % 10>(std::move(awaitable), by).as(0), by);
  }
}

using Outcome = std::optional<Result<std::size_t>>;

template <int order>
Task<> receive_limited(Loop& loop, const common::Fd& fd, Limits& by, Outcome& outcome) {
  std::array<std::byte, 16> buffer;
  outcome = co_await limit_all<order>(loop.recv(fd, buffer), by);
}

using Receive = Task<> (*)(Loop&, const common::Fd&, Limits&, Outcome&);

template <int... order>
constexpr std::array<Receive, sizeof...(order)> receives{receive_limited<order>...};

/// All orders of the digits 0 to 3, without a leading 0.
constexpr auto every_order =
    receives<123, 132, 213, 231, 312, 321, 1023, 1032, 1203, 1230, 1302, 1320, 2013, 2031, 2103,
             2130, 2301, 2310, 3012, 3021, 3102, 3120, 3201, 3210>;

CO_TEST_F(Uring, LimitsHoldInEveryOrder) {
  const auto ends = unix_connection();
  for (int tight = 0; tight < limits; ++tight) {
    Limits by(loop, tight);
    std::array<Outcome, every_order.size()> outcomes;
    Scope scope(loop);
    for (std::size_t i = 0; i < every_order.size(); ++i) {
      scope.spawn(every_order[i](loop, ends.server, by, outcomes[i]));
    }
    (void)co_await loop.nop();
    if (tight == 3) by.canceller.cancel();
    EXPECT_THAT(co_await scope.join().within(10s), Succeeded()) << tight;
    by.canceller.cancel();
    co_await scope.join();
    for (const auto& outcome : outcomes) EXPECT_THAT(*outcome, FailedWith(by.expected)) << tight;
  }
}

CO_TEST_F(Uring, OfSeveralLimitsOfAKindTheFirstToPassCounts) {
  const auto ends = unix_connection();
  std::array<std::byte, 16> to;
  Deadline near(loop, Clock::now() + 40ms);
  Deadline far(loop, Clock::now() + 1h);
  Canceller unused;
  const auto now = [] { return Clock::now(); };
  const auto begin = now();
  EXPECT_THAT(co_await loop.recv(ends.server, to).within(5ms).within(1h), TimedOut());
  EXPECT_THAT(co_await loop.recv(ends.server, to).within(1h).within(5ms), TimedOut());
  EXPECT_THAT(co_await loop.recv(ends.server, to).within(1h).until(now() + 5ms), TimedOut());
  EXPECT_THAT(co_await loop.recv(ends.server, to).until(now() + 1h).within(5ms), TimedOut());
  EXPECT_THAT(co_await loop.recv(ends.server, to).until(now() + 5ms).until(now() + 1h), TimedOut());
  EXPECT_GE(now() - begin, 25ms);
  EXPECT_THAT(co_await loop.recv(ends.server, to).until(near).until(far), TimedOut());
  EXPECT_GE(now(), near.due());
  near.renew(now() + 5ms);
  EXPECT_THAT(co_await loop.recv(ends.server, to).cancelled_by(unused).until(far).until(near),
              TimedOut());
  EXPECT_LT(now() - begin, 10s);
}

CO_TEST_F(Uring, AnExtremeTimeLimitIsOne) {
  Deadline long_ago(loop, Clock::time_point::min());
  const auto ends = unix_connection();
  std::array<std::byte, 16> to;
  EXPECT_THAT(co_await loop.recv(ends.server, to).until(long_ago), TimedOut());
  Condition never(loop);
  EXPECT_THAT(co_await loop.recv(ends.server, to).within(-1h), TimedOut());
  EXPECT_THAT(co_await loop.recv(ends.server, to).within(0s), TimedOut());
  EXPECT_THAT(co_await loop.recv(ends.server, to).until(Clock::time_point::min()), TimedOut());
  EXPECT_THAT(co_await never.wait().within(-1h), TimedOut());
  EXPECT_THAT(co_await never.wait().until(Clock::time_point::min()), TimedOut());
  const auto always = std::chrono::nanoseconds::max();
  EXPECT_THAT(co_await loop.recv(ends.server, to).within(always).within(5ms), TimedOut());
  EXPECT_THAT(co_await never.wait().within(always).within(5ms), TimedOut());
  EXPECT_THAT(co_await loop.recv(ends.server, to).until(Clock::time_point::max()).within(5ms),
              TimedOut());
  EXPECT_THAT(co_await loop.nop().within(always), Succeeded());
  EXPECT_THAT(co_await loop.sleep(5ms).within(always), Succeeded());
  EXPECT_THAT(co_await loop.nop().until(Clock::time_point::max()), Succeeded());
}

Task<> receive_until(Loop& loop, const common::Fd& fd, auto& end) {
  std::array<std::byte, 16> to;
  EXPECT_THAT(co_await loop.recv(fd, to).until(end), Cancelled());
}

// The loop asks the kernel to wake it then. A kernel timer ends this test, because a limit would be
// the earlier one, and hide the other.
CO_TEST_F(Uring, ALimitAtTheEndOfTimeKeepsNoLoopBusy) {
  const auto ends = unix_connection();
  const auto nearly_never = Clock::time_point::max() - 1ns;
  Deadline deadline(loop, nearly_never);
  Scope scope(loop);
  scope.spawn(receive_until(loop, ends.server, nearly_never));
  scope.spawn(receive_until(loop, ends.client, deadline));
  const auto turns = loop.turns();
  EXPECT_THAT(co_await loop.sleep(20ms), Succeeded());
  EXPECT_LE(loop.turns() - turns, 3u);
  EXPECT_EQ(scope.size(), 2u);
  scope.cancel();
  co_await scope.join();
}

Task<> cancel_soon(Loop& loop, Canceller& canceller) {
  (void)co_await loop.sleep(soon);
  canceller.cancel();
}

std::error_code reason(const Status& result) { return result ? std::error_code() : result.error(); }
template <typename T>
std::error_code reason(const Result<T>& result) {
  return result ? std::error_code() : result.error();
}

template <int tight>
Task<> expect_limited(Loop& loop, auto& make) {
  Limits by(loop, tight);
  Scope scope(loop);
  if (tight == 3) scope.spawn(cancel_soon(loop, by.canceller));
  const auto result = co_await limit<tight>(make(), by);
  EXPECT_EQ(reason(result), make_error_code(by.expected)) << "limit " << tight;
  co_await scope.join();
  // Once more, with limits that are over before it begins.
  by.canceller.cancel();
  by.deadline.cancel(Error::timed_out);
  const auto again = co_await limit<tight>(make(), by);
  EXPECT_EQ(reason(again), make_error_code(by.expected)) << "limit " << tight;
}

/// `make` returns something to await that would take forever.
Task<> expect_limited_by_all(Loop& loop, auto make) {
  co_await expect_limited<0>(loop, make);
  co_await expect_limited<1>(loop, make);
  co_await expect_limited<2>(loop, make);
  co_await expect_limited<3>(loop, make);
}

Task<> wait_for_ever(Condition& condition) { (void)co_await condition.wait(); }

CO_TEST_F(Uring, AnythingThatIsAwaitedCanBeLimited) {
  const auto ends = unix_connection();
  std::array<std::byte, 16> to;
  Condition never(loop);  // Buffers::returned() is such a wait, too
  Scope children(loop);
  children.spawn(wait_for_ever(never));
  co_await expect_limited_by_all(loop, [&] { return loop.recv(ends.server, to); });
  co_await expect_limited_by_all(loop, [&] { return never.wait(); });
  co_await expect_limited_by_all(loop, [&] { return children.join(); });
  EXPECT_EQ(children.size(), 1u) << "a join that timed out leaves the children at work";
  children.cancel();
  co_await children.join();
}

// Combinations that make no sense don't compile.
template <typename T>
concept CanHaveRights = requires(T awaitable) {
  std::move(awaitable).as(1);
};
template <typename T>
concept CanBeAsync = requires(T awaitable) {
  std::move(awaitable).async();
};
template <typename T>
concept CanBeModifiedInPlace = requires(T awaitable) {
  awaitable.within(1s);
};

using Nop = decltype(std::declval<Loop&>().nop());
using TimedNop = decltype(std::declval<Nop>().within(1s));

static_assert(CanHaveRights<Nop> && CanHaveRights<TimedNop>);
static_assert(!CanHaveRights<Condition::Wait>);
// With a number that isn't registered, the kernel refuses the request with EINVAL before it begins.
// Then nothing would close the descriptor, which nobody owns any more.
using Close = decltype(std::declval<Loop&>().close(std::declval<uring::Fd>()));
static_assert(!CanHaveRights<Close>);
static_assert(CanBeAsync<Close>);
static_assert(CanBeAsync<Nop> && CanBeAsync<TimedNop>);
static_assert(!CanBeAsync<Condition::Wait>);
static_assert(!CanBeModifiedInPlace<Nop> && !CanBeModifiedInPlace<Condition::Wait>);
static_assert(
    std::same_as<decltype(std::declval<Scope::Join>().operator co_await().await_resume()), void>);

}  // namespace
