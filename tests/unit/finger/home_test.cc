#include "finger/server/home.h"

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <utility>

#include "uring/scope.h"

namespace finger {
namespace {

using testing::Each;
using testing::Eq;
using testing::Ne;

/// A home whose loads don't end until we say so.
class SharedHome : public testing::Test {
 protected:
  SharedHome() : loop(std::move(*uring::Loop::create({}))), home(*loop), may_end(*loop) {}

  /// Each load finds a different file.
  uring::Task<Result<SharedFile>> load(FileKind kind, uring::Deadline& deadline) {
    ++loads[static_cast<std::size_t>(kind)];
    const auto told = co_await may_end.wait().until(deadline);
    if (!told) co_return std::unexpected(told.error());
    if (refusal) co_return failure(*refusal);
    const auto found = std::make_shared<int>();
    co_return SharedFile(found, reinterpret_cast<OpenFile*>(found.get()));
  }

  uring::Task<> ask(Result<SharedFile>& answer, FileKind kind = FileKind::plan) {
    uring::Deadline never(*loop);
    co_await ask_until(never, answer, kind);
  }

  uring::Task<> ask_until(uring::Deadline& deadline, Result<SharedFile>& answer,
                          FileKind kind = FileKind::plan) {
    answer = co_await home.load_or_share(kind, deadline, [&] { return load(kind, deadline); });
  }

  /// Ends the current load.
  uring::Task<> end_load() {
    may_end.notify_all();
    co_await settle();
  }

  /// Lets the deadline pass, however long the test has taken so far.
  uring::Task<> expire(uring::Deadline& deadline) {
    deadline.renew(uring::Clock::now());
    co_await settle();
  }

  /// Lets everything that follows happen.
  uring::Task<> settle() {
    for (int turn = 0; turn < 10; ++turn) (void)co_await loop->nop();
  }

  int loads_of(FileKind kind) const { return loads[static_cast<std::size_t>(kind)]; }

  std::unique_ptr<uring::Loop> loop;
  Home home;
  uring::Condition may_end;
  std::array<int, file_names.size()> loads{};
  std::optional<Error> refusal;  ///< The error of a load that doesn't find a file.
};

TEST_F(SharedHome, WaitersShareTheNextLoadAndNotTheOneBeforeTheirQuestion) {
  loop->run([this]() -> uring::Task<> {
    Result<SharedFile> first, second, third, fourth;
    uring::Scope scope(*loop);
    scope.spawn(ask(first));
    scope.spawn(ask(second));
    scope.spawn(ask(third));
    scope.spawn(ask(fourth));
    EXPECT_THAT(loads_of(FileKind::plan), Eq(1));
    co_await end_load();
    EXPECT_THAT(loads_of(FileKind::plan), Eq(2));
    co_await end_load();
    co_await scope.join();
    EXPECT_THAT(loads_of(FileKind::plan), Eq(2));
    EXPECT_THAT(*first, Ne(*second));
    EXPECT_THAT(*second, Eq(*third));
    EXPECT_THAT(*second, Eq(*fourth));
  }());
}

// However the waiters for different files are mixed, nobody gets a key instead of a plan, and each
// of the three files is loaded twice.
TEST_F(SharedHome, EachOfItsFilesIsSharedForItself) {
  loop->run([this]() -> uring::Task<> {
    constexpr std::array kinds{FileKind::project, FileKind::pubkey, FileKind::plan};
    std::array<std::array<Result<SharedFile>, 3>, 4> answers;
    uring::Scope scope(*loop);
    for (auto& round : answers) {
      for (std::size_t i = 0; i < kinds.size(); ++i) scope.spawn(ask(round[i], kinds[i]));
    }
    for (int load = 0; load < 6; ++load) co_await end_load();
    co_await scope.join();
    EXPECT_THAT(loads[0] + loads[1] + loads[2], testing::Le(6));
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      EXPECT_THAT(*answers[2][i], Eq(*answers[3][i]));
      EXPECT_THAT(*answers[3][i], Ne(*answers[3][(i + 1) % kinds.size()]));
    }
  }());
}

// The search for a file in a home that is being mounted, for instance, fails like this.
TEST_F(SharedHome, SharesAnErrorLikeAFile) {
  loop->run([this]() -> uring::Task<> {
    for (const Error each : {Error::not_regular, Error::home_refused, Error::became_shorter}) {
      refusal = each;
      loads = {};
      Result<SharedFile> first, second, third;
      uring::Scope scope(*loop);
      scope.spawn(ask(first));
      scope.spawn(ask(second));
      scope.spawn(ask(third));
      co_await end_load();
      co_await end_load();
      EXPECT_THAT(loads_of(FileKind::plan), Eq(2));
      co_await scope.join();
      EXPECT_THAT(third.error(), Eq(each));
    }
  }());
}

TEST_F(SharedHome, ATimeoutIsNotShared) {
  loop->run([this]() -> uring::Task<> {
    Result<SharedFile> first, hurried, patient;
    uring::Scope scope(*loop);
    uring::Deadline hurry(*loop);
    scope.spawn(ask(first));
    scope.spawn(ask_until(hurry, hurried));
    scope.spawn(ask(patient));
    co_await end_load();
    // The hurried one loads, and the patient one waits for that.
    EXPECT_THAT(loads_of(FileKind::plan), Eq(2));
    co_await expire(hurry);
    EXPECT_THAT(hurried.error(), Eq(uring::Error::timed_out));
    EXPECT_THAT(loads_of(FileKind::plan), Eq(3));
    co_await end_load();
    co_await scope.join();
    EXPECT_TRUE(patient.has_value());
  }());
}

TEST_F(SharedHome, AWaiterThatGivesUpHoldsUpNobody) {
  loop->run([this]() -> uring::Task<> {
    Result<SharedFile> first, hurried, last;
    uring::Scope scope(*loop);
    uring::Deadline hurry(*loop);
    scope.spawn(ask(first));
    scope.spawn(ask_until(hurry, hurried));
    scope.spawn(ask(last));
    co_await expire(hurry);
    EXPECT_FALSE(hurried.has_value());
    co_await end_load();
    co_await end_load();
    co_await scope.join();
    EXPECT_TRUE(last.has_value());
  }());
}

TEST_F(SharedHome, KeepsNoLoadedFileWhenNobodyWaits) {
  loop->run([this]() -> uring::Task<> {
    std::array<Result<SharedFile>, 2> files;
    uring::Scope scope(*loop);
    scope.spawn(ask(files[0], FileKind::project));
    scope.spawn(ask(files[1]));
    co_await end_load();
    co_await end_load();
    co_await scope.join();
    for (const auto& file : files) EXPECT_THAT(file->use_count(), Eq(1));
  }());
}

// A close is an example of a thing that shares nothing.
TEST_F(SharedHome, DoesOneThingAtATime) {
  loop->run([this]() -> uring::Task<> {
    Result<SharedFile> plan;
    uring::Scope scope(*loop);
    uring::Deadline never(*loop);
    auto lock = co_await home.lock(never);
    scope.spawn(ask(plan));
    co_await settle();
    EXPECT_THAT(loads, Each(0));
    lock->reset();
    co_await settle();
    EXPECT_THAT(loads_of(FileKind::plan), Eq(1));
    co_await end_load();
    co_await scope.join();
    EXPECT_TRUE(plan.has_value());
  }());
}

}  // namespace
}  // namespace finger
