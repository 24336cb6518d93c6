// Submissions that stop short, and completions that say so or do not fit: the kernel refuses an
// entry, or has no memory for the moment.

#include <dlfcn.h>
#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <deque>
#include <tuple>

#include "exchange.h"

namespace {
int refused_submissions = 0;  // how many are to be
int refusal = EAGAIN;
int refused_events = 0;  // how often the kernel does not hand out what did not fit the queue
int spoilt_ends = 0;     // how many ends of a stream are to say EAGAIN

/// Of the completions that the program has not seen.
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

/// In place of liburing's.
extern "C" int io_uring_submit_and_get_events(io_uring* ring) {
  if (refused_submissions > 0) {
    --refused_submissions;
    return -refusal;
  }
  using Function = int (*)(io_uring*);
  const int result =
      reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "io_uring_submit_and_get_events"))(ring);
  spoil_ends(*ring);
  return result;
}

/// In place of liburing's, too.
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

  /// Calls `begin` in the turn of a send, whose end nothing but the loop's own haste can tell.
  template <typename Begin>
  Task<> send_together_with(Begin begin) {
    const auto ends = tcp_connection();
    const auto buffers = *Buffers::create(loop, 2, 64);
    Exchange sender(loop, ends.server, *buffers);
    Scope scope(loop);
    bool is_late = false;
    scope.spawn(wake_up_at_last(is_late, sender.sent));
    (void)co_await loop.nop();  // from here on nothing but the sleep is under way

    begin(scope);
    sender.stage_and_report(bytes_of("hello"));
    sender.start();
    loop.hurry();
    while (sender.answers_sent == 0 && !is_late) (void)co_await sender.sent.wait();
    EXPECT_FALSE(is_late) << "the loop has slept on work that was not finished";
    char received[16];
    EXPECT_EQ(::recv(ends.client.get(), received, sizeof received, MSG_DONTWAIT), 5)
        << "what was not submitted was taken for sent";
    scope.cancel();
    co_await scope.join();
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

// The sends of a turn whose submission the kernel refuses are made in the next, and known to be.
TEST_F(UringSubmission, TheKernelMayTakeNothingForAWhile) {
  if (loop.ring().sqpoll()) GTEST_SKIP() << "a thread of the kernel's submits";
  for (const int error : {EAGAIN, EBUSY}) {
    refusal = error;
    for (int times = 1; times < 4; ++times) {
      run([this, times] {
        return send_together_with([times](Scope&) { refused_submissions = times; });
      });
      EXPECT_EQ(refused_submissions, 0) << "nothing was refused: this test tested nothing";
    }
  }
}

Task<> notify_when_returned(Buffers& buffers, bool& is_back, Condition& condition) {
  is_back = (co_await buffers.returned()).has_value();
  condition.notify_all();
}

TEST_F(UringSubmission, BuffersComeBackAlthoughTheKernelTakesNothingForAWhile) {
  if (loop.ring().sqpoll()) GTEST_SKIP() << "a thread of the kernel's submits";
  run([this]() -> Task<> {
    const auto buffers = *Buffers::create(loop, 1, 64);
    const auto ends = tcp_connection();
    Exchange sender(loop, ends.server, *buffers);
    sender.start();
    EXPECT_THAT(co_await loop.send(ends.client, bytes_of("hi")), Succeeded());
    while (sender.in_flight()) (void)co_await loop.nop();
    EXPECT_EQ(buffers->available(), 0u);

    bool is_late = false;
    bool is_back = false;
    Scope scope(loop);
    scope.spawn(wake_up_at_last(is_late, sender.sent));
    (void)co_await loop.nop();
    scope.spawn(notify_when_returned(*buffers, is_back, sender.sent));
    sender.stage(sender.input());
    sender.start();
    loop.hurry();
    refused_submissions = 1;
    while (!is_back && !is_late) (void)co_await sender.sent.wait();
    EXPECT_FALSE(is_late) << "the loop has slept on work that was not finished";
    EXPECT_EQ(refused_submissions, 0) << "nothing was refused: this test tested nothing";
    scope.cancel();
    co_await scope.join();
  });
}

// Nothing else happens that would wake the loop.
CO_TEST_F(UringSubmission, ABufferThatIsGivenBackWakesWhoWaitsForIt) {
  const auto buffers = *Buffers::create(loop, 1, 64);
  const auto ends = tcp_connection();
  Exchange sender(loop, ends.server, *buffers);
  sender.start();
  EXPECT_THAT(co_await loop.send(ends.client, bytes_of("hi")), Succeeded());
  while (sender.in_flight()) (void)co_await loop.nop();

  bool is_late = false;
  bool is_back = false;
  Scope scope(loop);
  scope.spawn(wake_up_at_last(is_late, sender.sent));
  scope.spawn(notify_when_returned(*buffers, is_back, sender.sent));
  (void)co_await loop.nop();
  sender.give_input_back();
  while (!is_back && !is_late) (void)co_await sender.sent.wait();
  EXPECT_FALSE(is_late) << "the loop has slept although a buffer was back";
  scope.cancel();
  co_await scope.join();
}

// Eight completions fit, the others wait in the kernel, which may not hand them out at once. No
// completion means success, so a loop that does not ask for the rest takes failures for successes.
TEST(UringLoop, AFullCompletionQueueHidesNoFailure) {
  for (const int refused : {0, 1}) {
    const auto loop = std::move(*Loop::create(*uring::Setup::parse("entries=4")));
    loop->run([](Loop& l, int refused_times) -> Task<> {
      auto ends = unix_connection();
      ends.client = common::Fd();
      const auto buffers = *Buffers::create(l, 2, 64);
      std::deque<Exchange> senders;
      for (int i = 0; i < 20; ++i) {
        senders.emplace_back(l, ends.server, *buffers);
        senders.back().stage_and_report(bytes_of("lost"));
        senders.back().start();
      }
      refused_events = refused_times;
      for (const auto& each : senders) {
        while (each.in_flight()) (void)co_await l.nop();
        EXPECT_EQ(each.answers_sent, 0) << "nobody was there";
        EXPECT_EQ(each.error(), std::errc::broken_pipe) << "nobody was there";
        EXPECT_FALSE(each.unsent().empty());
      }
    }(*loop, refused));
    EXPECT_EQ(refused_events, 0) << "nothing ran over: this test tested nothing";
  }
}

// EAGAIN: the kernel had no memory to wait for bytes. Once more it is tried without waiting first;
// where that fails, too, the caller hears of it.
TEST_F(UringSubmission, AReceiveThatCouldNotWaitIsTriedOnceMore) {
  if (loop.ring().sqpoll()) GTEST_SKIP() << "a thread of the kernel's submits";
  for (const auto& [spoilt, begun, error] : {std::tuple(0, 1u, 0), {1, 2u, 0}, {2, 2u, EAGAIN}}) {
    run([this, spoilt, begun, error]() -> Task<> {
      const auto buffers = *Buffers::create(loop, 1, 64);
      const auto ends = tcp_connection();
      Exchange sender(loop, ends.server, *buffers);
      EXPECT_EQ(::shutdown(ends.client.get(), SHUT_WR), 0);
      spoilt_ends = spoilt;
      const std::uint32_t before = loop.begun();
      sender.start();
      std::uint32_t turns = 0;
      for (; sender.in_flight() && turns < 1000; ++turns) {
        loop.hurry();
        (void)co_await loop.nop();
      }
      EXPECT_EQ(spoilt_ends, 0) << "no completion was spoilt: this test tested nothing";
      EXPECT_EQ(loop.begun() - before - turns, begun);
      EXPECT_EQ(sender.received() ? 0 : sender.error().value(), error);
    });
  }
}

}  // namespace
