// Ordinary conditions: full queues, signals, work that is spread over turns.

#include "uring/loop.h"

#include <sys/time.h>

#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "fixture.h"
#include "uring/buffers.h"
#include "uring/condition.h"

namespace {

using namespace tests;

std::unique_ptr<Loop> tiny_loop(const std::string& more = "") {
  auto loop = Loop::create(*uring::Setup::parse("entries=4" + more));
  EXPECT_TRUE(loop);
  return std::move(*loop);
}

Task<> count_nop(Loop& loop, int& done) {
  EXPECT_THAT(co_await loop.nop(), Succeeded());
  ++done;
}

Task<> time_out(Loop& loop, const common::Fd& fd, int& done) {
  std::array<std::byte, 8> buffer;
  EXPECT_THAT(co_await loop.recv(fd, buffer).within(2ms), TimedOut());
  ++done;
}

Task<> lend_one(Loop& loop, const common::Fd& fd, uring::Buffers& buffers) {
  const auto lease = co_await loop.recv(fd, buffers);
  EXPECT_THAT(lease, Succeeded());
}

Task<> nops(Loop& loop, int count, int& done) {
  Scope scope(loop);
  for (int i = 0; i < count; ++i) scope.spawn(count_nop(loop, done));
  co_await scope.join();
}

Task<> time_outs(Loop& loop, const common::Fd& fd, int count, int& done) {
  Scope scope(loop);
  for (int i = 0; i < count; ++i) scope.spawn(time_out(loop, fd, done));
  co_await scope.join();
}

// There are four entries, eight places for completions, and a hundred times as much before the
// first wait.
TEST(UringLoop, QueuesMayBeFull) {
  for (const char* more : {"", ",sqpoll"}) {
    const auto loop = tiny_loop(more);
    int done = 0;
    loop->run(nops(*loop, 800, done));
    EXPECT_EQ(done, 800) << more;
  }
}

void ignore(int /*signal*/) {}

TEST_F(Uring, SignalsDoNotDisturb) {
  struct sigaction action {};
  action.sa_handler = ignore;  // without SA_RESTART, so the wait ends with EINTR
  struct sigaction before {};
  ::sigaction(SIGALRM, &action, &before);
  const itimerval every_millisecond{.it_interval = {0, 1000}, .it_value = {0, 1000}};
  ::setitimer(ITIMER_REAL, &every_millisecond, nullptr);
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    std::array<std::byte, 8> buffer;
    EXPECT_THAT(co_await loop.sleep(30ms), Succeeded());
    uring::Deadline deadline(loop, Clock::now() + 30ms);
    EXPECT_THAT(co_await loop.recv(ends.server, buffer).until(deadline), TimedOut());
    EXPECT_GE(Clock::now(), deadline.due());
  });
  const itimerval off{};
  ::setitimer(ITIMER_REAL, &off, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

// `due - Clock::now()` is negative if it's too late.
CO_TEST_F(Uring, ASleepThatIsOverAlreadyTakesNoTime) {
  const auto begin = Clock::now();
  for (const auto time : {0ns, std::chrono::nanoseconds(-1ms), std::chrono::nanoseconds(-1h)}) {
    EXPECT_THAT(co_await loop.sleep(time), Succeeded()) << time.count();
  }
  EXPECT_LT(Clock::now(), begin + 10s);
}

Task<> wake_each_other(uring::Condition& mine, uring::Condition& other, const bool& stop) {
  while (!stop) {
    (void)co_await mine.wait();
    other.notify_one();
  }
}

// Ring, timers and deadlines get their turn, however busy coroutines keep each other.
CO_TEST_F(Uring, CoroutinesThatWakeEachOtherStarveNothing) {
  uring::Condition one(loop);
  uring::Condition another(loop);
  Scope players(loop);
  bool stop = false;
  players.spawn(wake_each_other(one, another, stop));
  players.spawn(wake_each_other(another, one, stop));
  one.notify_one();
  const auto ends = unix_connection();
  std::array<std::byte, 8> buffer;
  uring::Deadline deadline(loop, Clock::now() + 5ms);
  EXPECT_THAT(co_await loop.recv(ends.server, buffer).until(deadline), TimedOut());
  EXPECT_THAT(co_await loop.sleep(5ms), Succeeded());
  stop = true;
  players.cancel();
  co_await players.join();
}

TEST_F(Uring, KnowsTheTimeFromTheFirstLineOn) {
  std::this_thread::sleep_for(2ms);
  const auto before = Clock::now();
  run([this, before]() -> Task<> {
    EXPECT_GE(loop.now(), before);
    co_return;
  });
}

Task<> nothing() { co_return; }

Task<> await_twice() {
  Task<> task = nothing();
  co_await std::move(task);
  co_await std::move(task);
}

TEST(UringLoopDeathTest, ATaskIsAwaitedOnce) {
  EXPECT_DEATH((*Loop::create({}))->run(await_twice()), "done");
}

TEST(UringLoopDeathTest, RunsInItsOwnThreadOnly) {
  const auto run_elsewhere = [] {
    const auto loop = *Loop::create({});
    std::thread([&loop] { loop->run(nothing()); }).join();
  };
  EXPECT_DEATH(run_elsewhere(), "a loop must run and end in one thread");
}

// glibc gives a thread the std::thread::id of one that was joined.
TEST(UringLoopDeathTest, RunsInNoThreadThatOnlyHasTheIdOfItsOwn) {
  const auto run_elsewhere = [] {
    std::unique_ptr<Loop> loop;
    std::thread([&loop] { loop = *Loop::create({}); }).join();
    std::thread([&loop] { loop->run(nothing()); }).join();
  };
  EXPECT_DEATH(run_elsewhere(), "a loop must run and end in one thread");
}

// What is not refused never ends, because nobody runs the other loop.
TEST(UringLoopDeathTest, ItsOperationsAndConditionsAreForItsOwnTasks) {
  const auto run_elsewhere = [](auto wait) {
    const auto other = *Loop::create({});
    (*Loop::create({}))->run(wait(*other));
  };
  const auto operation = [](Loop& other) -> Task<> { (void)co_await other.sleep(1h).within(1ms); };
  const auto condition = [](Loop& other) -> Task<> {
    uring::Condition changed(other);
    (void)co_await changed.wait();
  };
  const char* const said = "a task of one loop must not wait in another";
  EXPECT_DEATH(run_elsewhere(operation), said);
  EXPECT_DEATH(run_elsewhere(condition), said);
}

TEST(UringLoopDeathTest, EndsAfterItsBuffersAndDeadlines) {
  const auto end_first = [](auto make) {
    auto loop = *Loop::create({});
    const auto made = make(*loop);
    loop.reset();
  };
  const char* const said = "a loop must end after its Buffers and Deadlines";
  EXPECT_DEATH(end_first([](Loop& loop) { return uring::Buffers::create(loop, 4, 100); }), said);
  EXPECT_DEATH(end_first([](Loop& loop) {
                 return std::make_unique<uring::Deadline>(loop, Clock::now() + 1h);
               }),
               said);
}

Task<> join_own_scope(Scope& scope) { co_await scope.join(); }

TEST(UringLoopDeathTest, DoesNotSleepWhenNothingCouldWakeIt) {
  const auto run = [](auto wait) {
    const auto loop = *Loop::create({});
    loop->run(wait(*loop));
  };
  const auto wait_for_nobody = [](Loop& loop) -> Task<> {
    uring::Condition changed(loop);
    (void)co_await changed.wait();
  };
  const auto join_from_inside = [](Loop& loop) -> Task<> {
    Scope scope(loop);
    scope.spawn(join_own_scope(scope));
    co_await scope.join();
  };
  const char* const said = "no task is left that could wake the others";
  EXPECT_DEATH(run(wait_for_nobody), said);
  EXPECT_DEATH(run(join_from_inside), said);
}

// The operations in flight would have to be cancelled, but the ring takes requests only from its
// own thread.
TEST(UringLoopDeathTest, EndsInItsOwnThreadOnly) {
  const auto end_elsewhere = [] {
    auto loop = *Loop::create({});
    Scope scope(*loop);
    int done = 0;
    scope.spawn(count_nop(*loop, done));
    std::thread([&loop] { loop.reset(); }).join();
  };
  EXPECT_DEATH(end_elsewhere(), "a loop must run and end in one thread");
}

TEST(UringLoop, AnotherThreadMayRunOneThatWasMadeDisabled) {
  auto setup = tests::ring_setup();
  setup.disabled = true;
  const auto loop = tests::make_loop(setup);
  const auto buffers = *uring::Buffers::create(*loop, 2, 64);
  const auto ends = unix_connection();
  ASSERT_EQ(::send(ends.client.get(), "hi", 2, 0), 2);
  std::thread([&] {
    EXPECT_THAT(loop->enable(), Succeeded());
    loop->run(lend_one(*loop, ends.server, *buffers));
  }).join();
}

TEST(UringLoop, StaysWithItsThreadWhereAnotherEnablesItTooLate) {
  const auto loop = tests::make_loop(tests::ring_setup());
  std::thread([&] { EXPECT_FALSE(loop->enable().has_value()); }).join();
  loop->run(nothing());
}

// An idle loop makes one system call and stays there. On a slow machine it may look once or twice
// more, but a loop that doesn't sleep would turn thousands of times.
CO_TEST_F(Uring, AnIdleLoopSleeps) {
  const auto ends = unix_connection();
  std::array<std::byte, 8> buffer;
  uring::Deadline far(loop, Clock::now() + 1h);
  const auto turns = loop.turns();
  EXPECT_THAT(co_await loop.recv(ends.server, buffer).within(50ms), TimedOut());
  EXPECT_LE(loop.turns() - turns, 5u);
}

TEST(UringLoop, SpinsForAWhileBeforeItSleeps) {
  for (const auto spin : {std::chrono::nanoseconds(20ms), std::chrono::nanoseconds::max()}) {
    auto setup = tests::ring_setup();
    setup.spin = spin;
    const auto loop = std::move(*Loop::create(setup));
    int done = 0;
    const auto ends = unix_connection();
    loop->run(time_outs(*loop, ends.server, 3, done));
    EXPECT_EQ(done, 3);
  }
}

// A thread registers at most sixteen rings, and the loops after them do without.
TEST(UringLoop, AThreadMayHaveMoreLoopsThanItRegistersRings) {
  std::vector<std::unique_ptr<Loop>> loops;
  for (int i = 0; i < 20; ++i) loops.push_back(*Loop::create({}));
  const auto& last = loops.back()->ring().raw();
  EXPECT_EQ(last.enter_ring_fd, last.ring_fd) << "all are registered: none is tried without";
  int done = 0;
  for (int round = 0; round < 2; ++round) {
    for (const auto& loop : loops) loop->run(count_nop(*loop, done));
  }
  EXPECT_EQ(done, 40);
}

// Each of the two loops knows its own current scope.
CO_TEST_F(Uring, ALoopMayRunInsideAnothersTask) {
  Scope scope(loop);
  int done = 0;
  scope.spawn([](Loop& outer, int& count) -> Task<> {
    const auto inner = tests::make_loop();
    (void)co_await outer.nop();
    inner->run(nops(*inner, 10, count));
    co_await nops(outer, 10, count);
  }(loop, done));
  co_await scope.join();
  EXPECT_EQ(done, 20);
}

}  // namespace
