// Submissions that stop short, and completions that say so: the kernel refuses an entry, or has no
// memory for the moment.

#include <dlfcn.h>
#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <tuple>

#include "fixture.h"
#include "uring/condition.h"
#include "uring/send_then_receive.h"

namespace {
int refused_submissions = 0;  // how many are to be
int refusal = EAGAIN;
int spoilt_ends = 0;  // how many ends of a stream are to say EAGAIN

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

namespace {

using namespace tests;
using uring::Buffers;
using uring::Condition;
using uring::SendThenReceive;

constexpr auto too_long = 2s;

/// Sends something and wants to know, without delay, that it was sent.
class Sender final : public SendThenReceive {
 public:
  Sender(Loop& loop, const common::Fd& fd, Buffers& buffers, Condition& sent)
      : SendThenReceive(loop, fd, buffers), sent_(sent) {}
  ~Sender() { cancel_and_wait(); }
  void send() {
    stage_and_report(bytes_of("hello"));
    start();
    loop().hurry();
  }
  bool was_sent = false;

 private:
  void output_sent() override {
    was_sent = true;
    sent_.notify_all();
  }
  void go_on() override {}
  Condition& sent_;
};

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
    Condition sent(loop);
    Sender sender(loop, ends.server, *buffers, sent);
    Scope scope(loop);
    bool is_late = false;
    scope.spawn(wake_up_at_last(is_late, sent));
    (void)co_await loop.nop();  // from here on nothing but the sleep is under way

    begin(scope);
    sender.send();
    while (!sender.was_sent && !is_late) (void)co_await sent.wait();
    EXPECT_FALSE(is_late) << "the loop has slept on work that was not finished";
    char received[16];
    EXPECT_EQ(::recv(ends.client.get(), received, sizeof received, MSG_DONTWAIT), 5)
        << "what was not submitted was taken for sent";
    scope.cancel();
    co_await scope.join();
  }
};

Task<> use_unknown_credentials(Loop& loop) {
  EXPECT_THAT(co_await loop.nop().as(9999), FailedWith(std::errc::invalid_argument));
}

TEST_F(UringSubmission, AnEntryThatIsRefusedDelaysNoOther) {
  run([this] {
    return send_together_with([this](Scope& scope) { scope.spawn(use_unknown_credentials(loop)); });
  });
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
    Condition condition(loop);
    Sender sender(loop, ends.server, *buffers, condition);
    sender.start();
    EXPECT_THAT(co_await loop.send(ends.client, bytes_of("hi")), Succeeded());
    while (sender.in_flight()) (void)co_await loop.nop();
    EXPECT_EQ(buffers->available(), 0u);

    bool is_late = false;
    bool is_back = false;
    Scope scope(loop);
    scope.spawn(wake_up_at_last(is_late, condition));
    (void)co_await loop.nop();
    scope.spawn(notify_when_returned(*buffers, is_back, condition));
    sender.stage(sender.input());
    sender.start();
    loop.hurry();
    refused_submissions = 1;
    while (!is_back && !is_late) (void)co_await condition.wait();
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
  Condition condition(loop);
  Sender sender(loop, ends.server, *buffers, condition);
  sender.start();
  EXPECT_THAT(co_await loop.send(ends.client, bytes_of("hi")), Succeeded());
  while (sender.in_flight()) (void)co_await loop.nop();

  bool is_late = false;
  bool is_back = false;
  Scope scope(loop);
  scope.spawn(wake_up_at_last(is_late, condition));
  scope.spawn(notify_when_returned(*buffers, is_back, condition));
  (void)co_await loop.nop();
  sender.give_input_back();
  while (!is_back && !is_late) (void)co_await condition.wait();
  EXPECT_FALSE(is_late) << "the loop has slept although a buffer was back";
  scope.cancel();
  co_await scope.join();
}

// EAGAIN: the kernel had no memory to wait for bytes. Once more it is tried without waiting first;
// where that fails, too, the caller hears of it.
TEST_F(UringSubmission, AReceiveThatCouldNotWaitIsTriedOnceMore) {
  if (loop.ring().sqpoll()) GTEST_SKIP() << "a thread of the kernel's submits";
  for (const auto& [spoilt, begun, error] : {std::tuple(0, 1u, 0), {1, 2u, 0}, {2, 2u, EAGAIN}}) {
    run([this, spoilt, begun, error]() -> Task<> {
      const auto buffers = *Buffers::create(loop, 1, 64);
      const auto ends = tcp_connection();
      Condition condition(loop);
      Sender sender(loop, ends.server, *buffers, condition);
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
