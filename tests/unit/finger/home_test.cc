#include "finger/server/homes_and_mounts.h"

#include <gmock/gmock.h>

#include <optional>
#include <utility>

#include "uring/scope.h"

namespace finger {
namespace {

using testing::Eq;
using testing::Ne;

/// A home whose loads take until they are told to end.
class SharedHome : public testing::Test {
 protected:
  SharedHome() : loop(std::move(*uring::Loop::create({}))), homes(*loop), may_end(*loop) {}

  /// Each finds something else.
  uring::Task<Result<SharedPlan>> load(uring::Deadline& deadline) {
    ++loads;
    const auto told = co_await may_end.wait().until(deadline);
    if (!told) co_return std::unexpected(told.error());
    if (refusal) co_return failure(*refusal);
    const auto found = std::make_shared<int>(loads);
    co_return SharedPlan(found, reinterpret_cast<OpenPlan*>(found.get()));
  }

  uring::Task<> ask(Result<SharedPlan>& answer) {
    uring::Deadline never(*loop);
    co_await ask(answer, never);
  }

  uring::Task<> ask(Result<SharedPlan>& answer, uring::Deadline& deadline) {
    answer = co_await home->load_or_share(deadline, [&] { return load(deadline); });
  }

  /// Ends the load that is under way.
  uring::Task<> end_load() {
    may_end.notify_all();
    co_await settle();
  }

  /// Time is up, however long the test has taken so far.
  uring::Task<> expire(uring::Deadline& deadline) {
    deadline.renew(uring::Clock::now());
    co_await settle();
  }

  /// Lets all that follows happen.
  uring::Task<> settle() {
    for (int turn = 0; turn < 10; ++turn) (void)co_await loop->nop();
  }

  std::unique_ptr<uring::Loop> loop;
  Homes homes;
  std::shared_ptr<Home> home = homes.of({});
  uring::Condition may_end;
  int loads = 0;
  std::optional<Error> refusal;  ///< What a load finds instead of a plan.
};

TEST_F(SharedHome, ThoseWhoWaitShareTheNextLoadAndNotTheOneBeforeTheirQuestion) {
  loop->run([this]() -> uring::Task<> {
    Result<SharedPlan> first, second, third, fourth;
    uring::Scope scope(*loop);
    scope.spawn(ask(first));
    scope.spawn(ask(second));
    scope.spawn(ask(third));
    scope.spawn(ask(fourth));
    EXPECT_THAT(loads, Eq(1));
    co_await end_load();
    EXPECT_THAT(loads, Eq(2));
    co_await end_load();
    co_await scope.join();
    EXPECT_THAT(loads, Eq(2));
    EXPECT_THAT(*first, Ne(*second));
    EXPECT_THAT(*second, Eq(*third));
    EXPECT_THAT(*second, Eq(*fourth));
  }());
}

// While a home is mounted anew, each of them is refused to its owner.
TEST_F(SharedHome, WhyThereIsNoPlanIsSharedAsAPlanIs) {
  loop->run([this]() -> uring::Task<> {
    for (const Error each : {Error::not_regular, Error::home_refused, Error::refused_to_owner}) {
      refusal = each;
      loads = 0;
      Result<SharedPlan> first, second, third;
      uring::Scope scope(*loop);
      scope.spawn(ask(first));
      scope.spawn(ask(second));
      scope.spawn(ask(third));
      co_await end_load();
      co_await end_load();
      EXPECT_THAT(loads, Eq(2));
      co_await end_load();
      co_await scope.join();
      EXPECT_THAT(third.error(), Eq(each));
    }
  }());
}

TEST_F(SharedHome, ATimeoutIsNotShared) {
  loop->run([this]() -> uring::Task<> {
    Result<SharedPlan> first, hurried, patient;
    uring::Scope scope(*loop);
    uring::Deadline hurry(*loop);
    scope.spawn(ask(first));
    scope.spawn(ask(hurried, hurry));
    scope.spawn(ask(patient));
    co_await end_load();
    EXPECT_THAT(loads, Eq(2));  // the hurried one's, which the patient one waits for
    co_await expire(hurry);
    EXPECT_THAT(hurried.error(), Eq(uring::Error::timed_out));
    EXPECT_THAT(loads, Eq(3));
    co_await end_load();
    co_await scope.join();
    EXPECT_TRUE(patient.has_value());
  }());
}

TEST_F(SharedHome, WhoCannotWaitGoesAwayAndHoldsUpNobody) {
  loop->run([this]() -> uring::Task<> {
    Result<SharedPlan> first, hurried, last;
    uring::Scope scope(*loop);
    uring::Deadline hurry(*loop);
    scope.spawn(ask(first));
    scope.spawn(ask(hurried, hurry));
    scope.spawn(ask(last));
    co_await expire(hurry);
    EXPECT_THAT(hurried.error(), Eq(uring::Error::timed_out));
    co_await end_load();
    co_await end_load();
    co_await scope.join();
    EXPECT_TRUE(last.has_value());
  }());
}

TEST_F(SharedHome, WhatWasLoadedIsNotKeptWhenNobodyWaits) {
  loop->run([this]() -> uring::Task<> {
    Result<SharedPlan> plan;
    uring::Scope scope(*loop);
    scope.spawn(ask(plan));
    co_await end_load();
    co_await scope.join();
    EXPECT_THAT(plan->use_count(), Eq(1));
  }());
}

TEST_F(SharedHome, AHomeIsOneForAllWhoHoldIt) {
  Account alice{}, bob{};
  alice.login = "alice";
  bob.login = "bob";
  auto first = homes.of(alice);
  EXPECT_THAT(homes.of(alice), Eq(first));
  EXPECT_THAT(homes.of(bob), Ne(first));
  const std::weak_ptr<Home> watched = first;
  first.reset();
  EXPECT_TRUE(watched.expired());
  EXPECT_THAT(homes.of(alice).use_count(), Eq(1));
}

}  // namespace
}  // namespace finger
