// Submissions that stop short, and completions that report it or don't fit, because the kernel
// refuses an entry, or has no memory at the moment.

#include <dlfcn.h>
#include <liburing.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "client.h"
#include "fixture.h"
#include "uring/buffers.h"
#include "uring/condition.h"

namespace {
int submissions = 0;          // how many there were
int refused_submissions = 0;  // how many we refuse
int refusal = EAGAIN;
bool refuses_waits = true;
// How often the kernel doesn't hand out the completions that didn't fit into the queue.
int refused_events = 0;
int spoilt_ends = 0;  // how many ends of a stream we turn into EAGAIN

/// Changes completions that the program hasn't seen yet.
void spoil_ends(const io_uring& ring) {
  const unsigned end = io_uring_smp_load_acquire(ring.cq.ktail);
  for (unsigned at = *ring.cq.khead; at != end; ++at) {
    io_uring_cqe& completion = ring.cq.cqes[at & ring.cq.ring_mask];
    const bool is_end = (completion.flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
    if (completion.res != 0 || !is_end || spoilt_ends == 0) continue;
    --spoilt_ends;
    completion.res = -EAGAIN;
  }
}
}  // namespace

/// Replaces liburing's.
extern "C" int io_uring_submit_and_wait(io_uring* ring, unsigned wait_nr) {
  ++submissions;
  if (refused_submissions > 0 && refuses_waits) {
    --refused_submissions;
    return -refusal;
  }
  using Function = int (*)(io_uring*, unsigned);
  const int result =
      reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "io_uring_submit_and_wait"))(ring, wait_nr);
  spoil_ends(*ring);
  return result;
}

/// Replaces liburing's, like those below.
extern "C" int io_uring_submit_and_get_events(io_uring* ring) {
  ++submissions;
  if (refused_submissions > 0) {
    --refused_submissions;
    return -refusal;
  }
  using Function = int (*)(io_uring*);
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "io_uring_submit_and_get_events"))(ring);
}

extern "C" int io_uring_get_events(io_uring* ring) {
  if (refused_events > 0) {
    --refused_events;
    return -EAGAIN;
  }
  using Function = int (*)(io_uring*);
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "io_uring_get_events"))(ring);
}

namespace {

using namespace tests;
using uring::Buffers;
using uring::Condition;

constexpr auto too_long = 2s;

class UringSubmission : public tests::Uring {
 protected:
  Task<> wake_up_at_last(bool& is_late, Condition& condition) {
    const auto slept = co_await loop.sleep(too_long);
    if (!slept) co_return;
    is_late = true;
    condition.notify_all();
  }

  /// Calls `begin` in the turn of a send.
  template <typename Begin>
  Task<> send_together_with(Begin begin) {
    const auto ends = tcp_connection();
    Condition changed(loop);
    Scope scope(loop);
    bool is_late = false;
    scope.spawn(wake_up_at_last(is_late, changed));
    (void)co_await loop.nop();  // from here on, only the sleep is in flight

    begin(scope);
    std::optional<Result<std::size_t>> sent;
    scope.spawn(send_and_notify(ends.server, sent, changed));
    while (!sent && !is_late) (void)co_await changed.wait();
    EXPECT_FALSE(is_late) << "the loop has slept on work that was not finished";
    EXPECT_EQ(sent, Result<std::size_t>(5u));
    scope.cancel();
    co_await scope.join();
  }

 private:
  Task<> send_and_notify(const common::Fd& fd, std::optional<Result<std::size_t>>& sent,
                         Condition& condition) {
    sent = co_await loop.send(fd, bytes_of("hello"));
    condition.notify_all();
  }
};

TEST_F(UringSubmission, AnEntryThatIsRefusedDelaysNoOther) {
  uring::Status refused;
  run([&] {
    return send_together_with(
        [&](Scope& scope) { scope.spawn(keep_result(loop.nop().as(9999), refused)); });
  });
  EXPECT_THAT(refused, FailedWith(std::errc::invalid_argument));
}

// If the kernel takes none of a turn's requests, it takes them in the next turn.
TEST_F(UringSubmission, TheKernelMayTakeNothingForAWhile) {
  if (loop.ring().sqpoll()) GTEST_SKIP() << "a thread of the kernel's submits";
  for (const int error : {EAGAIN, EBUSY, EINTR}) {
    refusal = error;
    for (int times = 1; times < 4; ++times) {
      run([this, times] {
        return send_together_with([times](Scope&) { refused_submissions = times; });
      });
      EXPECT_EQ(refused_submissions, 0) << "nothing was refused: this test tested nothing";
    }
  }
}

/// A coroutine that ends waits until the kernel has finished with its requests.
Task<> receive_and_go_away(Loop& loop, int refused_times) {
  const auto ends = tcp_connection();
  std::array<std::byte, 8> buffer;
  Result<std::size_t> received;
  Scope scope(loop);
  scope.spawn(keep_result(loop.recv(ends.server, buffer), received));
  (void)co_await loop.nop();
  refused_submissions = refused_times;
}

TEST_F(UringSubmission, ACoroutineThatEndsWaitsEvenIfTheKernelTakesNothingForAWhile) {
  if (loop.ring().sqpoll()) GTEST_SKIP() << "a thread of the kernel's submits";
  for (const int error : {EAGAIN, EBUSY, EINTR}) {
    refusal = error;
    run([this] { return receive_and_go_away(loop, 1); });
    EXPECT_EQ(refused_submissions, 0) << "nothing was refused: this test tested nothing";
  }
}

// Before a deadline ends anything, the loop asks for completions without waiting for one.
Task<> pass_a_deadline(Loop& loop) {
  const uring::Deadline passed(loop, Clock::now());
  (void)co_await loop.sleep(too_long);
}

TEST(UringSubmissionDeathTest, ABrokenRingEndsTheProcessWhetherTheLoopWaitsOrNot) {
  for (const bool waits : {true, false}) {
    const auto run_on_a_broken_ring = [waits] {
      refusal = EBADF;
      refuses_waits = waits;
      refused_submissions = 1;
      const auto loop = tests::make_loop();
      loop->run(pass_a_deadline(*loop));
    };
    EXPECT_DEATH(run_on_a_broken_ring(), "io_uring_enter: Bad file descriptor") << waits;
  }
}

constexpr int many = 400;

Task<> receive_until(Loop& loop, const common::Fd& fd, uring::Deadline& deadline) {
  std::array<std::byte, 8> buffer;
  (void)co_await loop.recv(fd, buffer).until(deadline);
}

// They are cancelled together: a call for each of them would cost a stop of ten thousand clients
// ten thousand calls.
CO_TEST_F(UringSubmission, ToEndManyOperationsTakesFewCalls) {
  if (loop.ring().sqpoll()) co_return;  // a thread of the kernel's submits
  const auto ends = tcp_connection();
  const int calls_max = 40 + 4 * many / static_cast<int>(loop.ring().entries());
  enum class By { destructor, scope, deadline };
  for (const By by : {By::destructor, By::scope, By::deadline}) {
    uring::Deadline deadline(loop, Clock::now() + 1h);
    {
      Scope scope(loop);
      for (int i = 0; i < many; ++i) scope.spawn(receive_until(loop, ends.server, deadline));
      (void)co_await loop.nop();
      submissions = 0;
      if (by == By::scope) scope.cancel();
      if (by == By::deadline) deadline.renew(Clock::now());
      if (by != By::destructor) co_await scope.join();
    }
    EXPECT_LE(submissions, calls_max) << "for " << many << ", by way " << static_cast<int>(by);
  }
}

TEST(UringSubmissionDeathTest, ACoroutineThatEndsOnABrokenRingEndsTheProcess) {
  EXPECT_DEATH(
      {
        refusal = EBADF;
        const auto loop = tests::make_loop();
        loop->run(receive_and_go_away(*loop, 1000));
      },
      "io_uring_enter: Bad file descriptor");
}

Task<> notify_when_returned(Buffers& buffers, bool& is_back, Condition& condition) {
  is_back = (co_await buffers.returned()).has_value();
  condition.notify_all();
}

// Nothing else happens that would wake the loop.
CO_TEST_F(UringSubmission, ABufferThatIsGivenBackWakesAWaiter) {
  const auto buffers = *Buffers::create(loop, 1, 64);
  const auto ends = tcp_connection();
  Condition changed(loop);
  EXPECT_THAT(co_await loop.send(ends.client, bytes_of("hi")), Succeeded());
  auto lease = co_await loop.recv(ends.server, *buffers);
  EXPECT_THAT(lease, Succeeded());

  bool is_late = false;
  bool is_back = false;
  Scope scope(loop);
  scope.spawn(wake_up_at_last(is_late, changed));
  scope.spawn(notify_when_returned(*buffers, is_back, changed));
  (void)co_await loop.nop();
  lease->give_back();
  while (!is_back && !is_late) (void)co_await changed.wait();
  EXPECT_FALSE(is_late) << "the loop has slept although a buffer was back";
  scope.cancel();
  co_await scope.join();
}

// EAGAIN: the kernel had no memory to wait for bytes. The connection tries once more without
// waiting first, and if that fails, too, it returns the error.
TEST_F(UringSubmission, AConnectionThatCouldNotWaitTriesToReceiveOnceMore) {
  if (loop.ring().sqpoll()) GTEST_SKIP() << "a thread of the kernel's submits";
  for (const auto& [spoilt, error] : {std::pair(0, 0), {1, 0}, {2, EAGAIN}}) {
    run([this, spoilt, error]() -> Task<> {
      const auto buffers = *Buffers::create(loop, 1, 64);
      auto ends = tcp_connection();
      stage::Context context{.loop = loop, .buffers = *buffers, .read_timeout = 1h};
      stage::Client client(context, std::move(ends.server));
      EXPECT_EQ(::shutdown(ends.client.get(), SHUT_WR), 0);
      spoilt_ends = spoilt;
      const auto received = co_await stage::receive(client);
      EXPECT_EQ(spoilt_ends, 0) << "no completion was spoilt: this test tested nothing";
      EXPECT_EQ(received ? 0 : received.error().value(), error);
    });
  }
}

// Eight completions fit. The others wait in the kernel, which may not hand them out immediately.
TEST(UringLoop, AFullCompletionQueueLosesNone) {
  for (const int refused : {0, 1}) {
    const auto loop = std::move(*Loop::create(*uring::Setup::parse("entries=4")));
    loop->run([](Loop& l, int refused_times) -> Task<> {
      auto ends = unix_connection();
      ends.client = common::Fd();
      std::array<Result<std::size_t>, 20> sent;
      Scope scope(l);
      for (auto& each : sent) {
        scope.spawn(keep_result(l.send(ends.server, bytes_of("lost")), each));
      }
      refused_events = refused_times;
      co_await scope.join();
      for (const auto& each : sent) EXPECT_THAT(each, FailedWith(std::errc::broken_pipe));
    }(*loop, refused));
    EXPECT_EQ(refused_events, 0) << "nothing ran over: this test tested nothing";
  }
}

}  // namespace
