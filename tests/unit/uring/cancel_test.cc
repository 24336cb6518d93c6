#include "uring/cancel/canceller.h"

#include <array>
#include <chrono>

#include "fixture.h"
#include "uring/scope.h"

namespace {

using namespace tests;
using uring::Canceller;

using Outcome = std::optional<Result<std::size_t>>;

Task<> receive(Loop& loop, const common::Fd& fd, Canceller& canceller, Outcome& outcome) {
  std::array<std::byte, 16> buffer;
  outcome = co_await loop.recv(fd, buffer).cancelled_by(canceller);
}

CO_TEST_F(Uring, ATaskThatIsCancelledBeforeItBeginsEndsImmediately) {
  const auto ends = unix_connection();
  Canceller canceller;
  canceller.cancel();
  Outcome outcome;
  Scope scope(loop);
  const auto begun = loop.begun();
  scope.spawn(receive(loop, ends.server, canceller, outcome));
  EXPECT_EQ(loop.begun(), begun);
  EXPECT_THAT(*outcome, Cancelled());
  canceller.reset();
  scope.spawn(receive(loop, ends.server, canceller, outcome));
  EXPECT_EQ(loop.begun(), begun + 1);
  canceller.cancel();
  co_await scope.join();
}

CO_TEST_F(Uring, OneHandleCancelsMany) {
  const auto ends = unix_connection();
  Canceller canceller;
  std::array<Outcome, 12> outcomes;  // more than a tiny ring holds
  Scope scope(loop);
  for (Outcome& outcome : outcomes) {
    scope.spawn(receive(loop, ends.server, canceller, outcome));
  }
  (void)co_await loop.nop();
  canceller.cancel();
  co_await scope.join();
  for (const Outcome& outcome : outcomes) EXPECT_THAT(*outcome, Cancelled());
}

CO_TEST_F(Uring, CancellingTwiceIsCancellingOnceAndTheEndComesLater) {
  const auto ends = unix_connection();
  Canceller canceller;
  Outcome outcome;
  Scope scope(loop);
  scope.spawn(receive(loop, ends.server, canceller, outcome));
  canceller.cancel(Error::timed_out);
  canceller.cancel(Error::cancelled);
  EXPECT_FALSE(outcome);  // it ends with its last completion, not before
  co_await scope.join();
  EXPECT_THAT(*outcome, TimedOut());  // the first request counts
}

/// A sleep that ends with this answer of the kernel's.
class SleepAndFail : public uring::SleepRequest {
 public:
  SleepAndFail(std::chrono::nanoseconds time, int answer) : SleepRequest(time), answer_(answer) {}
  int translate(int /*result*/) const { return answer_; }

 private:
  int answer_;
};

// An io worker's call may be interrupted, on Linux 6.1 with EINTR, and that is a cancel if we asked
// for one. An error of its own remains one.
CO_TEST_F(Uring, TheReasonOfACancelTakesThePlaceOfAnInterruptionOnly) {
  constexpr int restart = 512;  // ERESTARTSYS
  for (const int answer : {-ECANCELED, -EINTR, -restart}) {
    EXPECT_THAT(co_await loop.start(SleepAndFail(1h, answer)).within(1ms), TimedOut()) << answer;
  }
  const auto failed = co_await loop.start(SleepAndFail(1h, -EIO)).within(1ms);
  EXPECT_THAT(failed, FailedWith(std::errc::io_error));
  const auto interrupted = co_await loop.start(SleepAndFail(0ns, -EINTR));
  EXPECT_THAT(interrupted, FailedWith(std::errc::interrupted));
}

// If the kernel was faster, the bytes that it received must not be lost.
CO_TEST_F(Uring, AResultThatIsThereIsNotLostToACancel) {
  const auto ends = unix_connection();
  Canceller canceller;
  Outcome outcome;
  EXPECT_THAT(co_await loop.send(ends.client, bytes_of("hi")), Succeeded());
  Scope scope(loop);
  scope.spawn(receive(loop, ends.server, canceller, outcome));
  canceller.cancel();  // after the request, in the same submission
  co_await scope.join();
  EXPECT_EQ(*outcome, Result<std::size_t>(2));
}

// The kernel may not find the request while an io worker takes it. To have it look in vain, the
// test makes the cancel request be about another address.
CO_TEST_F(Uring, ACancelThatFindsNothingIsRepeated) {
  const auto ends = unix_connection();
  Canceller canceller;
  Outcome outcome;
  Scope scope(loop);
  scope.spawn(receive(loop, ends.server, canceller, outcome));
  EXPECT_THAT(co_await loop.nop(), Succeeded());
  canceller.cancel();
  const auto& queue = loop.ring().raw().sq;
  io_uring_sqe& request = queue.sqes[(queue.sqe_tail - 1) & *queue.kring_mask];
  EXPECT_EQ(request.opcode, IORING_OP_ASYNC_CANCEL);
  request.addr += 64;
  EXPECT_THAT(co_await scope.join().within(10s), Succeeded());
}

// The kernel finds the request at work (EALREADY) and tells the worker, which is about to hand it
// over to poll and doesn't look any more. It's chance when the cancel comes in those microseconds.
CO_TEST_F(Uring, ACancelThatComesWhileAWorkerHandsOverIsNotLost) {
  const auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
  for (int i = 0; i < 150; ++i) {
    Scope scope(loop);
    std::array<Result<common::Accepted>, 4> accepted;
    for (auto& each : accepted) scope.spawn(keep_result(loop.accept(*listener).async(), each));
    (void)co_await loop.sleep(std::chrono::microseconds(i % 50));
    scope.cancel();
    const auto joined = co_await scope.join().within(10s);
    EXPECT_THAT(joined, Succeeded()) << "round " << i;
    if (!joined) std::abort();  // otherwise the scope would wait here forever
  }
}

CO_TEST_F(Uring, AHandleMayEndBeforeItsOperation) {
  const auto ends = unix_connection();
  Outcome outcome;
  Scope scope(loop);
  auto canceller = std::make_unique<Canceller>();
  scope.spawn(receive(loop, ends.server, *canceller, outcome));
  canceller.reset();
  scope.cancel();
  co_await scope.join();
  EXPECT_THAT(*outcome, Cancelled());
}

}  // namespace
