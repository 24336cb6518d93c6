#include "uring/condition.h"

#include <array>
#include <optional>

#include "fixture.h"
#include "uring/cancel/canceller.h"
#include "uring/scope.h"

namespace {

using namespace tests;
using uring::Condition;

CO_TEST_F(Uring, ANotificationWakesOneOrAll) {
  Condition condition(loop);
  std::array<std::optional<uring::Status>, 3> outcomes;
  Scope scope(loop);
  for (auto& outcome : outcomes) scope.spawn(keep_result(condition.wait(), outcome));
  condition.notify_one();
  (void)co_await loop.nop();
  EXPECT_TRUE(outcomes[0]);
  (void)co_await loop.nop();  // the first one's end wakes nobody
  EXPECT_FALSE(outcomes[1]);
  condition.notify_all();
  co_await scope.join();
  for (const auto& outcome : outcomes) EXPECT_THAT(*outcome, Succeeded());
}

// A coroutine that was notified and cancelled starts nothing any more, so the next one must be
// notified.
CO_TEST_F(Uring, ANotificationIsNotLostToACancel) {
  Condition condition(loop);
  uring::Canceller first;
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
  first.cancel();  // no other coroutine waits, so the notification wins
  co_await scope.join();
  EXPECT_THAT(*outcomes[0], Succeeded());
}

CO_TEST_F(Uring, ANotificationIsNotLostWithAFrame) {
  Condition condition(loop);
  std::array<std::optional<uring::Status>, 2> outcomes;
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

}  // namespace
