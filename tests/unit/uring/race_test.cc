#include "uring/extra/race.h"

#include <poll.h>

#include <array>
#include <chrono>
#include <memory>

#include "fixture.h"

namespace {

using namespace tests;
using ::testing::FieldsAre;
using ::testing::Pointee;
using uring::Canceller;
using uring::Condition;
using uring::Deadline;
using uring::Status;

Task<Status> nap(Loop& loop, std::chrono::nanoseconds time) { co_return co_await loop.sleep(time); }

Task<std::pair<int, int>> pair_of(int value) { co_return std::pair(value, value); }

CO_TEST_F(Uring, ATaskThatYieldsAPairMayHaveATimeout) {
  EXPECT_EQ(co_await uring::with_timeout(loop, pair_of(7), 1h), std::pair(7, 7));
}

Task<std::unique_ptr<int>> box(int value) { co_return std::make_unique<int>(value); }

CO_TEST_F(Uring, OfARaceTheFirstToFinishWins) {
  const auto ends = unix_connection();
  const auto first = co_await race(loop, receive(loop, ends.server), nap(loop, 5ms), nap(loop, 1h));
  EXPECT_EQ(first.winner, 1u);
  EXPECT_THAT(first.values, FieldsAre(Cancelled(), Succeeded(), Cancelled()));
  EXPECT_EQ(::send(ends.client.get(), "abc", 3, 0), 3);
  const auto second = co_await race(loop, nap(loop, 1h), receive(loop, ends.server));
  EXPECT_EQ(second.winner, 1u);
  EXPECT_THAT(second.values, FieldsAre(Cancelled(), Result<std::size_t>(3)));
}

Task<> keep_busy(Loop& loop, bool& finished) {
  while (true) {  // not `while (co_await …)`, which g++ 12 compiles to a trap
    const auto slept = co_await loop.sleep(1ms);
    if (!slept) break;
  }
  (void)co_await loop.sleep(2ms).shielded();  // its last words
  finished = true;
}

CO_TEST_F(Uring, TheLosersHaveFinishedWhenARaceHas) {
  bool finished = false;
  const auto raced = co_await race(loop, keep_busy(loop, finished), nap(loop, 5ms));
  EXPECT_EQ(raced.winner, 1u);
  EXPECT_TRUE(finished);
  EXPECT_EQ(loop.begun(), loop.ended());
}

CO_TEST_F(Uring, ARaceTakesTasksThatNeverWait) {
  const auto raced = co_await race(loop, box(1), nap(loop, 1h), box(3));
  EXPECT_EQ(raced.winner, 0u);
  EXPECT_THAT(raced.values, FieldsAre(Pointee(1), Cancelled(), Pointee(3)));
  const auto alone = co_await race(loop, nap(loop, 1ms));
  EXPECT_EQ(alone.winner, 0u);
}

// A timeout and bytes come at the same time: a loser that has them says so.
CO_TEST_F(Uring, ARaceLosesNoByte) {
  const auto ends = unix_connection();
  std::size_t received = 0;
  std::array<int, 2> wins{};
  constexpr int rounds = 300;
  for (int i = 0; i < rounds; ++i) {
    Scope scope(loop);
    auto send_soon = [](Loop& l, const common::Fd& fd, int n) -> Task<> {
      (void)co_await l.sleep(std::chrono::microseconds((n * 7) % 60));
      EXPECT_THAT(co_await l.send(fd, bytes_of("x")), Succeeded());
    };
    scope.spawn(send_soon(loop, ends.client, i));
    const auto raced = co_await race(loop, receive(loop, ends.server),
                                     nap(loop, std::chrono::microseconds(i % 60)));
    ++wins.at(raced.winner);
    received += std::get<0>(raced.values).value_or(0);
    co_await scope.join();
  }
  std::array<std::byte, 512> rest;
  const auto left = ::recv(ends.server.get(), rest.data(), rest.size(), MSG_DONTWAIT);
  if (left > 0) received += static_cast<std::size_t>(left);
  EXPECT_EQ(received, std::size_t{rounds});
  EXPECT_GT(wins[0], 0);
  EXPECT_GT(wins[1], 0);
}

Task<> lose_a_race(Loop& loop, const common::Fd& fd) {
  (void)co_await race(loop, receive(loop, fd), nap(loop, 1h), receive(loop, fd)).within(2h);
  ADD_FAILURE() << "no line of a destroyed frame runs";
}

CO_TEST_F(Uring, ARaceMayBeDestroyedInFlight) {
  const auto ends = unix_connection();
  for (const auto pause : {0ms, 2ms}) {
    Scope scope(loop);
    scope.spawn(lose_a_race(loop, ends.server));
    (void)co_await loop.sleep(pause);
  }
  EXPECT_EQ(loop.begun(), loop.ended());
}

Task<int> three_tries(Loop& loop, const common::Fd& fd) {
  for (int i = 1; i <= 3; ++i) {
    if (const auto received = co_await receive(loop, fd); !received) {
      EXPECT_THAT(received, TimedOut());
      co_return -i;
    }
  }
  co_return 3;
}

CO_TEST_F(Uring, ATaskMayHaveATimeout) {
  const auto ends = unix_connection();
  EXPECT_EQ(co_await with_timeout(loop, three_tries(loop, ends.server), 5ms), -1);
  EXPECT_THAT(co_await with_timeout(loop, nap(loop, 1h), 5ms), TimedOut());
  EXPECT_THAT(co_await with_timeout(loop, nap(loop, 1ms), 1h), Succeeded());
  EXPECT_EQ(*co_await with_timeout(loop, box(7), 1h), 7);
  EXPECT_EQ(*co_await with_timeout(loop, box(8), -1h), 8);  // a result wins
  Deadline passed(loop);
  passed.cancel(Error::timed_out);
  EXPECT_EQ(co_await scoped(loop, three_tries(loop, ends.server)).until(passed), -1);
  bool finished = false;
  co_await with_timeout(loop, keep_busy(loop, finished), 5ms);
  EXPECT_TRUE(finished);
}

CO_TEST_F(Uring, TimeoutsOfTasksNest) {
  const auto ends = unix_connection();
  auto inner = [](Loop& l, const common::Fd& fd, auto timeout) -> Task<Result<std::size_t>> {
    co_return co_await with_timeout(l, receive(l, fd), timeout);
  };
  EXPECT_THAT(co_await with_timeout(loop, inner(loop, ends.server, 1h), 5ms), TimedOut());
  EXPECT_THAT(co_await with_timeout(loop, inner(loop, ends.server, 5ms), 1h), TimedOut());
  Scope scope(loop);
  std::optional<Result<std::size_t>> outcome;
  scope.spawn(keep_result(with_timeout(loop, receive(loop, ends.server), 1h), outcome));
  scope.cancel();
  co_await scope.join();
  EXPECT_THAT(*outcome, Cancelled());
}

CO_TEST_F(Uring, ATaskIsLimitedBesidesItsScope) {
  const auto ends = unix_connection();
  Deadline deadline(loop, Clock::now() + 5ms);
  std::optional<Result<std::size_t>> outcome;
  Scope scope(loop);
  const uring::Attachment late(deadline, scope);
  scope.spawn(keep_result(receive(loop, ends.server), outcome));
  co_await scope.join();
  EXPECT_THAT(*outcome, TimedOut());
  Scope another(loop);
  const uring::Attachment too_late(deadline, another);
  EXPECT_EQ(another.reason(), Error::timed_out);
}

// A coroutine that was notified and cancelled begins nothing any more: the next is to hear of it.
CO_TEST_F(Uring, ANotificationIsNotLostToACancel) {
  Condition condition(loop);
  Canceller first;
  std::array<std::optional<Status>, 2> outcomes;
  Scope scope(loop);
  scope.spawn(keep_result(condition.wait().cancelled_by(first), outcomes[0]));
  scope.spawn(keep_result(condition.wait(), outcomes[1]));
  condition.notify_one();
  first.cancel();
  EXPECT_THAT(co_await scope.join().within(10s), Succeeded());
  EXPECT_THAT(*outcomes[0], Cancelled());
  EXPECT_THAT(*outcomes[1], Succeeded());

  first.reset();
  scope.spawn(keep_result(condition.wait().cancelled_by(first), outcomes[0]));
  condition.notify_one();
  first.cancel();  // there is no other: it wins
  co_await scope.join();
  EXPECT_THAT(*outcomes[0], Succeeded());
}

CO_TEST_F(Uring, ANotificationIsNotLostWithAFrame) {
  Condition condition(loop);
  std::array<std::optional<Status>, 2> outcomes;
  Scope scope(loop);
  {
    Scope destroyed(loop);
    destroyed.spawn(keep_result(condition.wait(), outcomes[0]));
    scope.spawn(keep_result(condition.wait(), outcomes[1]));
    condition.notify_one();
  }
  EXPECT_THAT(co_await scope.join().within(10s), Succeeded());
  EXPECT_FALSE(outcomes[0]);
  EXPECT_THAT(*outcomes[1], Succeeded());
  scope.cancel();
  co_await scope.join();
}

CO_TEST_F(Uring, SeveralMayJoinAScope) {
  Scope scope(loop);
  Status slept;
  scope.spawn(keep_result(loop.sleep(10s), slept));
  auto join = [](Scope& what, bool& joined) -> Task<> {
    co_await what.join();
    joined = true;
  };
  std::array<bool, 2> joined{};
  Scope joining(loop);
  for (bool& each : joined) joining.spawn(join(scope, each));
  EXPECT_THAT(co_await scope.join().within(1ms), TimedOut());
  EXPECT_EQ(scope.size(), 1u);
  scope.cancel();
  EXPECT_THAT(co_await joining.join().within(10s), Succeeded());
  EXPECT_TRUE(joined[0] && joined[1]);
  EXPECT_THAT(co_await scope.join().within(-1s), Succeeded());
}

CO_TEST_F(Uring, AllOfSeveralTasksYieldTheirValues) {
  const auto begun = Clock::now();
  const auto [napped, pair, boxed, nothing] =
      co_await when_all(loop, nap(loop, 5ms), pair_of(2), box(3),
                        [](Loop& in) -> Task<> { (void)co_await in.sleep(1ms); }(loop));
  EXPECT_THAT(napped, Succeeded());
  EXPECT_GE(Clock::now() - begun, 5ms);
  EXPECT_EQ(pair, std::pair(2, 2));
  EXPECT_EQ(*boxed, 3);
  EXPECT_EQ(nothing, std::monostate());
}

/// The time is over when it has slept, however long that took.
Task<Status> nap_until_the_end(Loop& loop, Deadline& deadline) {
  const auto slept = co_await loop.sleep(1ms);
  deadline.renew(Clock::now());
  co_return slept;
}

CO_TEST_F(Uring, OfAllTasksEachSaysWhatItHadWhenTheTimeWasOver) {
  Deadline deadline(loop);
  const auto [short_nap, long_nap] =
      co_await when_all(loop, nap_until_the_end(loop, deadline), nap(loop, 1h)).until(deadline);
  EXPECT_THAT(short_nap, Succeeded());
  EXPECT_THAT(long_nap, TimedOut());
}

}  // namespace
