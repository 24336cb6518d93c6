#include "uring/scope.h"

#include <array>
#include <chrono>

#include "fixture.h"

namespace {

using namespace tests;

Task<> sleep_and_count(Loop& loop, std::chrono::milliseconds time, int& finished) {
  (void)co_await loop.sleep(time);
  ++finished;
}

Task<> expect_cancelled(Loop& loop, int& finished) {
  EXPECT_THAT(co_await loop.sleep(1h), Cancelled());
  ++finished;
}

Task<> expect_cancelled_inside(Loop& loop, int& finished) {
  Scope inner(loop);
  inner.spawn(expect_cancelled(loop, finished));
  inner.spawn(expect_cancelled(loop, finished));
  co_await inner.join();
  ++finished;
}

Task<> never_waits(int& finished) {
  ++finished;
  co_return;
}

Task<> spawn_siblings(Loop& loop, Scope& scope, int generations, int& finished) {
  (void)co_await loop.nop();
  if (generations > 0) {
    scope.spawn(spawn_siblings(loop, scope, generations - 1, finished));
    scope.spawn(spawn_siblings(loop, scope, generations - 1, finished));
  }
  ++finished;
}

CO_TEST_F(Uring, AScopeJoinsItsChildren) {
  int finished = 0;
  Scope scope(loop);
  for (int i = 0; i < 10; ++i) {
    scope.spawn(sleep_and_count(loop, std::chrono::milliseconds(i), finished));
  }
  EXPECT_EQ(scope.size(), 10u);
  co_await scope.join();
  EXPECT_EQ(finished, 10);
  EXPECT_EQ(scope.size(), 0u);
  co_await scope.join();  // no child is left, so this returns immediately
}

CO_TEST_F(Uring, AChildRunsImmediatelyUntilItWaits) {
  int finished = 0;
  Scope scope(loop);
  scope.spawn(never_waits(finished));
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(scope.size(), 0u);
  co_await scope.join();
}

CO_TEST_F(Uring, ACancelledScopeEndsEverythingInIt) {
  int finished = 0;
  Scope scope(loop);
  for (int i = 0; i < 10; ++i) scope.spawn(expect_cancelled(loop, finished));
  scope.spawn(expect_cancelled_inside(loop, finished));
  (void)co_await loop.nop();
  scope.cancel();
  co_await scope.join();
  EXPECT_EQ(finished, 13);
  const auto begun = loop.begun();
  scope.spawn(expect_cancelled_inside(loop, finished));  // begins, and ends immediately
  EXPECT_EQ(loop.begun(), begun);
  EXPECT_EQ(finished, 16);
  EXPECT_EQ(scope.size(), 0u);
}

CO_TEST_F(Uring, AnOuterScopeReachesInnerOnesAndNeitherItsOwnerNorOthers) {
  int cancelled = 0;
  int slept = 0;
  Scope outer(loop);
  outer.spawn(expect_cancelled_inside(loop, cancelled));
  Scope beside(loop);
  beside.spawn(sleep_and_count(loop, 5ms, slept));
  outer.cancel();
  EXPECT_THAT(co_await loop.sleep(1ms), Succeeded());
  co_await outer.join();
  EXPECT_EQ(cancelled, 3);
  EXPECT_EQ(beside.reason(), Error{});
  co_await beside.join();
  EXPECT_EQ(slept, 1);
}

CO_TEST_F(Uring, ChildrenMayHaveSiblings) {
  int finished = 0;
  Scope scope(loop);
  scope.spawn(spawn_siblings(loop, scope, 7, finished));
  co_await scope.join();
  EXPECT_EQ(finished, 255);
}

Task<> nest(Loop& loop, int levels, int& finished) {
  Scope scope(loop);
  if (levels > 0) scope.spawn(nest(loop, levels - 1, finished));
  scope.spawn(expect_cancelled(loop, finished));
  co_await scope.join();
  ++finished;
}

// Each is cancelled and destroyed by the one around it, so calls are nested, but small.
CO_TEST_F(Uring, ScopesMayBeNestedDeeply) {
  int finished = 0;
  {
    Scope scope(loop);
    scope.spawn(nest(loop, 299, finished));
    (void)co_await loop.nop();
    scope.cancel();
    co_await scope.join();
  }
  EXPECT_EQ(finished, 600);
  {
    Scope scope(loop);
    scope.spawn(nest(loop, 299, finished));
    (void)co_await loop.nop();
  }
  EXPECT_EQ(finished, 600) << "no line of a destroyed frame runs";
}

Task<> join_other(Scope& other, int& finished) {
  co_await other.join();
  ++finished;
}

CO_TEST_F(Uring, ACoroutineResumesWhenTheScopeItJoinsIsDestroyed) {
  int finished = 0;
  int never = 0;
  Scope joiners(loop);
  {
    Scope sleepers(loop);
    sleepers.spawn(expect_cancelled_inside(loop, never));
    joiners.spawn(join_other(sleepers, finished));
    (void)co_await loop.nop();
  }
  co_await joiners.join();
  EXPECT_EQ(finished, 1);
  EXPECT_EQ(never, 0);
}

CO_TEST_F(Uring, SeveralMayJoinAScope) {
  Scope scope(loop);
  uring::Status slept;
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

Task<> destroy(Loop& loop, std::unique_ptr<Scope>& scope) {
  (void)co_await loop.nop();
  scope.reset();
}

Task<> have_inner_scope_destroy(Loop& loop, std::unique_ptr<Scope>& scope) {
  Scope inner(loop);
  inner.spawn(destroy(loop, scope));
  co_await inner.join();
}

Task<> sleep_for_ever(Loop& loop) { (void)co_await loop.sleep(1h); }

// The task would go on in a frame that is gone.
TEST(UringScopeDeathTest, ATaskMustNotDestroyTheScopeInWhichItRunsNorOneAroundIt) {
  for (const auto task : {destroy, have_inner_scope_destroy}) {
    const auto destroy_own_scope = [task] {
      const auto loop = tests::make_loop();
      auto scope = std::make_unique<Scope>(*loop);
      scope->spawn(task(*loop, scope));
      loop->run(sleep_for_ever(*loop));
    };
    EXPECT_DEATH(destroy_own_scope(), "current_scope");
  }
}

}  // namespace
