#include "uring/time/deadline.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "fixture.h"
#include "uring/condition.h"
#include "uring/scope.h"

namespace {

using namespace tests;
using uring::Condition;
using uring::Deadline;

using Outcome = std::optional<Result<std::size_t>>;

Task<> receive_until(Loop& loop, const common::Fd& fd, Deadline& deadline, Outcome& outcome) {
  std::array<std::byte, 16> buffer;
  outcome = co_await loop.recv(fd, buffer).until(deadline);
}

Task<> receive_and_renew(Loop& loop, const common::Fd& fd, Deadline& idle) {
  Outcome received;
  co_await receive_until(loop, fd, idle, received);
  EXPECT_THAT(received.value(), Succeeded());
  idle.renew(Clock::now() + 10s);
}

// The thread didn't run for a while. A result that came in time still counts, even for operations
// that share the deadline but have no result yet.
CO_TEST_F(Uring, AResultRenewsADeadlineThatPassedWhileTheThreadWasStopped) {
  const auto talking = unix_connection();
  const auto silent = unix_connection();
  Deadline idle(loop, Clock::now() + 100ms);
  Outcome silence;
  Scope scope(loop);
  scope.spawn(receive_and_renew(loop, talking.server, idle));
  scope.spawn(receive_until(loop, silent.server, idle, silence));
  (void)co_await loop.nop();
  EXPECT_EQ(::send(talking.client.get(), "x", 1, 0), 1);
  std::this_thread::sleep_for(150ms);
  (void)co_await loop.sleep(20ms);
  EXPECT_FALSE(silence.has_value());
  scope.cancel();
  co_await scope.join();
}

// Since Linux 6.13 a call hands out about twenty completions, however many there are.
CO_TEST_F(Uring, ResultsOfACrowdCountThatCameWhileTheThreadWasStopped) {
  constexpr std::size_t crowd = 200;
  std::vector<decltype(unix_connection())> pairs;
  for (std::size_t i = 0; i < crowd; ++i) pairs.push_back(unix_connection());
  std::vector<Outcome> outcomes(crowd);
  Deadline shared(loop, Clock::now() + 10s);
  Scope scope(loop);
  for (std::size_t i = 0; i < crowd; ++i) {
    scope.spawn(receive_until(loop, pairs[i].server, shared, outcomes[i]));
  }
  (void)co_await loop.nop();
  shared.renew(Clock::now() + 50ms);
  for (const auto& pair : pairs) EXPECT_EQ(::send(pair.client.get(), "x", 1, 0), 1);
  std::this_thread::sleep_for(100ms);
  co_await scope.join();
  for (const Outcome& outcome : outcomes) EXPECT_THAT(outcome.value(), Succeeded());
}

CO_TEST_F(Uring, ADeadlineIsSharedByOperations) {
  const auto ends = unix_connection();
  Deadline deadline(loop, Clock::now() + 10s);
  std::array<std::byte, 16> buffer;
  EXPECT_THAT(co_await loop.send(ends.client, bytes_of("hi")).until(deadline), Succeeded());
  EXPECT_THAT(co_await loop.recv(ends.server, buffer).until(deadline), Succeeded());
  deadline.renew(Clock::now() + 20ms);
  EXPECT_THAT(co_await loop.recv(ends.server, buffer).until(deadline), TimedOut());
  EXPECT_GE(Clock::now(), deadline.due());
  const auto begun = loop.begun();
  EXPECT_THAT(co_await loop.recv(ends.server, buffer).until(deadline), TimedOut());
  EXPECT_EQ(loop.begun(), begun);
  deadline.renew(Clock::now() + 10s);
  EXPECT_THAT(co_await loop.send(ends.client, bytes_of("hi")).until(deadline), Succeeded());
  EXPECT_THAT(co_await loop.recv(ends.server, buffer).until(deadline), Succeeded());
}

CO_TEST_F(Uring, ADeadlineMovesWhileItIsWaitedFor) {
  const auto ends = unix_connection();
  Deadline deadline(loop, Clock::now() + 10ms);
  const auto later = Clock::now() + 40ms;
  Outcome outcome;
  Scope scope(loop);
  scope.spawn(receive_until(loop, ends.server, deadline, outcome));
  deadline.renew(later);
  co_await scope.join();
  EXPECT_THAT(*outcome, TimedOut());
  EXPECT_GE(Clock::now(), later);

  deadline.renew(Clock::now() + 10s);
  scope.spawn(receive_until(loop, ends.server, deadline, outcome));
  deadline.renew(Clock::now() + 5ms);
  co_await scope.join();
  EXPECT_LT(Clock::now(), later + 5s);
  EXPECT_THAT(*outcome, TimedOut());
}

// The number of the turn, and when the deadline was due.
using Passed = std::pair<std::uint64_t, Clock::time_point>;

Task<> note_when_due(Loop& loop, const common::Fd& fd, Deadline& deadline,
                     std::vector<Passed>& passed) {
  std::array<std::byte, 16> buffer;
  EXPECT_THAT(co_await loop.recv(fd, buffer).until(deadline), TimedOut());
  EXPECT_GE(Clock::now(), deadline.due());
  passed.emplace_back(loop.turns(), deadline.due());
}

CO_TEST_F(Uring, DeadlinesPassInOrder) {
  const auto ends = unix_connection();
  constexpr int count = 20;
  std::vector<std::unique_ptr<Deadline>> deadlines;
  std::vector<Passed> passed;
  Scope scope(loop);
  const auto now = Clock::now();
  for (int i = 0; i < count; ++i) {
    const auto after = std::chrono::milliseconds(5 + (i * 7) % count);
    deadlines.push_back(std::make_unique<Deadline>(loop, now + after));
    scope.spawn(note_when_due(loop, ends.server, *deadlines.back(), passed));
  }
  deadlines[3]->renew(now + 50ms);  // later, while it's already waited for
  deadlines[5]->renew(now + 1ms);   // earlier
  co_await scope.join();
  EXPECT_EQ(passed.size(), deadlines.size());
  // With SQPOLL a kernel thread cancels, and the loop may look when that thread has cancelled the
  // second, but not yet the first.
  if (loop.ring().sqpoll()) co_return;
  // The kernel decides in which order the deadlines of one turn end.
  std::ranges::sort(passed);
  EXPECT_TRUE(std::ranges::is_sorted(passed, {}, &Passed::second));
}

// The ring already has a timeout for the first.
CO_TEST_F(Uring, ADeadlineMayBeEarlierThanThoseBefore) {
  Condition never(loop);
  Deadline late(loop, Clock::now() + 1h);
  (void)co_await loop.nop();
  const auto begin = Clock::now();
  Deadline early(loop, begin + 5ms);
  EXPECT_THAT(co_await never.wait().until(early), TimedOut());
  EXPECT_GE(Clock::now(), early.due());
  EXPECT_LT(Clock::now() - begin, 10s);
}

// With a request for each wait, the kernel would set a timer each time.
CO_TEST_F(Uring, ADeadlineThatIsMovedAwayIsOneRequestForManyWaits) {
  Deadline deadline(loop, Clock::now() + 1h);
  (void)co_await loop.nop();
  const unsigned entries = loop.ring().raw().sq.sqe_tail;
  for (int i = 0; i < 100; ++i) {
    deadline.renew(Clock::now() + 1h);
    (void)co_await loop.nop();
  }
  EXPECT_LE(loop.ring().raw().sq.sqe_tail - entries, 101u);
}

Task<> count_when_passed(Loop& loop, Clock::time_point due, int& passed) {
  Deadline deadline(loop, due);
  Condition never(loop);
  EXPECT_THAT(co_await never.wait().until(deadline), TimedOut());
  ++passed;
}

// Each turn brings one more completion, even the turn in which the deadline passes.
CO_TEST_F(Uring, ADeadlinePassesWhileCompletionsComeWithoutEnd) {
  int passed = 0;
  Scope scope(loop);
  scope.spawn(count_when_passed(loop, Clock::now() + 10ms, passed));
  const auto end = Clock::now() + 5s;
  while (passed == 0 && Clock::now() < end) (void)co_await loop.nop();
  EXPECT_EQ(passed, 1);
  co_await scope.join();
}

CO_TEST_F(Uring, ManyDeadlinesMayPassAtTheSameMoment) {
  constexpr int count = 100'000;
  const auto due = Clock::now() + 300ms;
  int passed = 0;
  Scope scope(loop);
  for (int i = 0; i < count; ++i) scope.spawn(count_when_passed(loop, due, passed));
  co_await scope.join();
  EXPECT_GE(Clock::now(), due);
  EXPECT_EQ(passed, count);
}

}  // namespace
