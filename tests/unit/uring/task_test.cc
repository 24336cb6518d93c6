#include "uring/task.h"

#include <memory>
#include <vector>

#include "fixture.h"

namespace {

using namespace tests;

Task<int> seven(int& runs) {
  ++runs;
  co_return 7;
}

Task<std::unique_ptr<int>> boxed(Loop& loop, int value) {
  (void)co_await loop.nop();
  co_return std::make_unique<int>(value);
}

Task<> count_down(int from) {
  for (int i = from; i > 0; --i) {
    int runs = 0;
    EXPECT_EQ(co_await seven(runs), 7);
  }
}

Task<> into_the_deep(Loop& loop, int levels) {
  if (levels == 0) {
    EXPECT_TRUE(co_await loop.nop());
  } else {
    co_await into_the_deep(loop, levels - 1);
  }
}

/// Counts its live objects.
class Counted {
 public:
  explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
  Counted(Counted&& other) noexcept : alive_(other.alive_) { ++*alive_; }
  ~Counted() { --*alive_; }

 private:
  int* alive_;
};

Task<> hold(Loop& loop, Counted counted) {
  (void)counted;
  (void)co_await loop.nop();
}

Task<int> hold_and_answer(Loop& loop, Counted counted) {
  (void)counted;
  (void)co_await loop.nop();
  co_return 1;
}

CO_TEST_F(Uring, TaskDoesNotBeginBeforeItIsAwaited) {
  int runs = 0;
  auto task = seven(runs);
  EXPECT_EQ(runs, 0);
  (void)co_await loop.nop();
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(co_await std::move(task), 7);
  EXPECT_EQ(runs, 1);
}

TEST_F(Uring, TaskThatIsNeverAwaitedGivesItsFrameBack) {
  int alive = 0;
  {
    auto task = hold(loop, Counted(alive));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST_F(Uring, LoopReturnsWhatTheTaskReturns) { EXPECT_EQ(*loop.run(boxed(loop, 5)), 5); }

// If each task that ends made a call inside a call, this would overflow the stack.
TEST_F(Uring, AMillionTasksNeedNoDeeperStackThanOne) {
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  constexpr int tasks = 1'000'000;
#else
  // Without optimisation a transfer of control is a call, and so it is if GCC's sanitizers have
  // something to do after it.
  constexpr int tasks = 1'000;
#endif
  run([]() -> Task<> { co_await count_down(tasks); });
}

CO_TEST_F(Uring, TasksAwaitTasks) { co_await into_the_deep(loop, 100); }

Task<> throw_what_nobody_catches(Loop& loop) {
  (void)co_await loop.nop();
  (void)std::vector<int>().at(1);
}

// Only the loop is above it, which can't know what is left half done.
TEST(UringTaskDeathTest, AnExceptionEndsTheProgram) {
  const auto run = [] {
    const auto loop = tests::make_loop();
    loop->run(throw_what_nobody_catches(*loop));
  };
  EXPECT_DEATH(run(), "out_of_range");
}

// GCC 12 destroys an aggregate temporary in a co_await expression twice, but ours aren't
// aggregates.
TEST_F(Uring, ArgumentsInAnAwaitExpressionAreDestroyedOnce) {
  int alive = 0;
  run([this, &alive]() -> Task<> {
    EXPECT_EQ(co_await hold_and_answer(loop, Counted(alive)), 1);
    EXPECT_EQ(alive, 0);
    co_await hold(loop, Counted(alive));
    EXPECT_EQ(alive, 0);
  });
  EXPECT_EQ(alive, 0);
}

}  // namespace
