#include "uring/cancel/canceller.h"

#include <array>
#include <chrono>

#include "fixture.h"
#include "uring/condition.h"
#include "uring/scope.h"

namespace {

using namespace tests;
using uring::Canceller;

using Outcome = std::optional<Result<std::size_t>>;

Task<> receive(Loop& loop, const common::Fd& fd, Canceller& canceller, Outcome& outcome) {
  std::array<std::byte, 16> buffer;
  outcome = co_await loop.recv(fd, buffer).cancelled_by(canceller);
}

CO_TEST_F(Uring, WhoIsCancelledBeforeItBeginsEndsAtOnce) {
  const auto ends = unix_connection();
  Canceller canceller;
  canceller.cancel();
  Outcome outcome;
  Scope scope(loop);
  const auto begun = loop.begun();
  scope.spawn(receive(loop, ends.server, canceller, outcome));
  EXPECT_EQ(loop.begun(), begun);
  EXPECT_THAT(*outcome, Cancelled());
  canceller.reset();
  scope.spawn(receive(loop, ends.server, canceller, outcome));
  EXPECT_EQ(loop.begun(), begun + 1);
  canceller.cancel();
  co_await scope.join();
}

CO_TEST_F(Uring, OneHandleCancelsMany) {
  const auto ends = unix_connection();
  Canceller canceller;
  std::array<Outcome, 12> outcomes;  // more than a tiny ring holds
  Scope scope(loop);
  for (Outcome& outcome : outcomes) {
    scope.spawn(receive(loop, ends.server, canceller, outcome));
  }
  (void)co_await loop.nop();
  canceller.cancel();
  co_await scope.join();
  for (const Outcome& outcome : outcomes) EXPECT_THAT(*outcome, Cancelled());
}

CO_TEST_F(Uring, CancellingTwiceIsCancellingOnceAndTheEndComesLater) {
  const auto ends = unix_connection();
  Canceller canceller;
  Outcome outcome;
  Scope scope(loop);
  scope.spawn(receive(loop, ends.server, canceller, outcome));
  canceller.cancel(Error::timed_out);
  canceller.cancel(Error::cancelled);
  EXPECT_FALSE(outcome);  // it ends with its last completion, not before
  co_await scope.join();
  EXPECT_THAT(*outcome, TimedOut());  // the first who asked
}

// The kernel was faster: what it has received must not be lost.
CO_TEST_F(Uring, AResultThatIsThereIsNotLostToACancel) {
  const auto ends = unix_connection();
  Canceller canceller;
  Outcome outcome;
  EXPECT_THAT(co_await loop.send(ends.client, bytes_of("hi")), Succeeded());
  Scope scope(loop);
  scope.spawn(receive(loop, ends.server, canceller, outcome));
  canceller.cancel();  // after the request, in the same submission
  co_await scope.join();
  EXPECT_EQ(*outcome, Result<std::size_t>(2));
}

// The kernel finds it at work (EALREADY) and tells the worker, which is about to hand it over to
// poll and does not look any more. Where in those microseconds the cancel comes is chance.
CO_TEST_F(Uring, ACancelThatComesWhileAWorkerHandsOverIsNotLost) {
  const auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
  for (int i = 0; i < 150; ++i) {
    Scope scope(loop);
    std::array<Result<common::Accepted>, 4> accepted;
    for (auto& each : accepted) scope.spawn(keep_result(loop.accept(*listener).async(), each));
    (void)co_await loop.sleep(std::chrono::microseconds(i % 50));
    scope.cancel();
    const auto joined = co_await scope.join().within(10s);
    EXPECT_THAT(joined, Succeeded()) << "round " << i;
    if (!joined) std::abort();  // or it would be waited for here, for ever
  }
}

CO_TEST_F(Uring, AHandleMayEndBeforeItsOperation) {
  const auto ends = unix_connection();
  Outcome outcome;
  Scope scope(loop);
  auto canceller = std::make_unique<Canceller>();
  scope.spawn(receive(loop, ends.server, *canceller, outcome));
  canceller.reset();
  scope.cancel();
  co_await scope.join();
  EXPECT_THAT(*outcome, Cancelled());
}

CO_TEST_F(Uring, ASignalWakesOneOrAll) {
  uring::Condition condition(loop);
  std::array<std::optional<uring::Status>, 3> outcomes;
  Scope scope(loop);
  for (auto& outcome : outcomes) scope.spawn(keep_result(condition.wait(), outcome));
  condition.notify_one();
  (void)co_await loop.nop();
  EXPECT_TRUE(outcomes[0]);
  EXPECT_FALSE(outcomes[1]);
  condition.notify_all();
  co_await scope.join();
  for (const auto& outcome : outcomes) EXPECT_THAT(*outcome, Succeeded());
}

// A coroutine that was notified and cancelled begins nothing any more: the next is to hear of it.
CO_TEST_F(Uring, ANotificationIsNotLostToACancel) {
  uring::Condition condition(loop);
  Canceller first;
  std::array<std::optional<uring::Status>, 2> outcomes;
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

// The frame of a shielded wait is not cancelled with its scope: only its end can pass it on.
CO_TEST_F(Uring, ANotificationIsNotLostWithAFrame) {
  for (const bool is_shielded : {false, true}) {
    uring::Condition condition(loop);
    std::array<std::optional<uring::Status>, 2> outcomes;
    Scope scope(loop);
    {
      Scope destroyed(loop);
      auto wait = condition.wait();
      destroyed.spawn(is_shielded ? keep_result(std::move(wait).shielded(), outcomes[0])
                                  : keep_result(std::move(wait), outcomes[0]));
      scope.spawn(keep_result(condition.wait(), outcomes[1]));
      condition.notify_one();
    }
    EXPECT_THAT(co_await scope.join().within(10s), Succeeded());
    EXPECT_FALSE(outcomes[0]);
    EXPECT_THAT(*outcomes[1], Succeeded());
    scope.cancel();
    co_await scope.join();
  }
}

}  // namespace
