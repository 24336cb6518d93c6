// Mistakes of the bug zoo that show late, in a frame that belongs to a different coroutine by then.

#include <array>
#include <chrono>

#include "fixture.h"
#include "uring/memory/frame_pool.h"

namespace {

using namespace tests;
using uring::Canceller;
using uring::Deadline;

Task<> receive_within(Loop& loop, const common::Fd& fd, std::chrono::nanoseconds timeout,
                      Canceller& canceller) {
  std::array<std::byte, 16> buffer;
  (void)co_await loop.recv(fd, buffer).within(timeout).cancelled_by(canceller);
}

/// These children get the frames that were given back last, and the pool checks whether anybody has
/// written into those since.
Task<> use_memory_again(Loop& loop, const common::Fd& fd) {
  Canceller canceller;
  canceller.cancel();
  Scope scope(loop);
  for (int i = 0; i < 3; ++i) scope.spawn(receive_within(loop, fd, 1h, canceller));
  co_await scope.join();
}

CO_TEST_F(Uring, ACancelledRequestTouchesNobodysFrame) {
  const auto ends = unix_connection();
  for (int i = 0; i < 20; ++i) {
    Canceller canceller;
    Scope scope(loop);
    scope.spawn(receive_within(loop, ends.server, 1h, canceller));
    if (i % 2 == 0) (void)co_await loop.nop();
    canceller.cancel();
    co_await scope.join();
    (void)co_await loop.sleep(1ms);  // for completions that nobody waited for
    co_await use_memory_again(loop, ends.server);
  }
}

// A destroyed coroutine waits until the kernel has finished with its buffer.
CO_TEST_F(Uring, TheKernelWritesIntoNoFrameThatIsGone) {
  const auto ends = unix_connection();
  Canceller canceller;
  const auto frame = receive_within(loop, ends.server, 1h, canceller).release();
  frame.resume();
  (void)co_await loop.nop();  // now the kernel has its request
  frame.destroy();
  EXPECT_EQ(::send(ends.client.get(), "x", 1, 0), 1);
  // If the kernel has anything left to write, it writes now.
  EXPECT_THAT(loop.ring().submit(), Succeeded());
  co_await use_memory_again(loop, ends.server);
}

#ifdef __SANITIZE_ADDRESS__
Task<> read_a_buffer_too_late(Loop& loop) {
  const auto buffers = std::move(*uring::Buffers::create(loop, 2, 16));
  const auto ends = unix_connection();
  (void)co_await loop.send(ends.client, bytes_of("hello"));
  auto lease = *co_await loop.recv(ends.server, *buffers);
  const auto bytes = lease.bytes();
  lease.give_back();
  EXPECT_NE(text_of(bytes), "hello");
}

void read_a_frame_too_late() {
  void* const frame = uring::FramePool::allocate(64);
  uring::FramePool::release(frame, 64);
  EXPECT_NE(static_cast<const char*>(frame)[63], 0);
}

// The pattern shows a late write only.
TEST(UringHazardsDeathTest, ALateReadIsReported) {
  const auto read_late = [] {
    const auto loop = make_loop();
    loop->run(read_a_buffer_too_late(*loop));
  };
  EXPECT_DEATH(read_late(), "use-after-poison");
  EXPECT_DEATH(read_a_frame_too_late(), "use-after-poison");
}
#endif

Task<> sleep_for(Loop& loop, std::chrono::nanoseconds asked) {
  const auto begin = Clock::now();
  Deadline much_later(loop, begin + 5s);
  EXPECT_THAT(co_await loop.sleep(asked).until(much_later), Succeeded());
  EXPECT_GE(Clock::now() - begin, asked) << "a timeout that was asked for later";
  EXPECT_LT(Clock::now(), much_later.due()) << "a timeout that was asked for sooner";
}

// The kernel reads the length when the request is submitted, which is long after it was made.
CO_TEST_F(Uring, TimeoutsOfOneTurnHaveLengthsOfTheirOwn) {
  Scope scope(loop);
  for (const auto asked : {30ms, 5ms, 20ms, 10ms}) scope.spawn(sleep_for(loop, asked));
  co_await scope.join();
}

Task<> wait_a_moment(Loop& loop) { EXPECT_THAT(co_await loop.nop(), Succeeded()); }

TEST(UringLoop, CompletionsThatAreThereTogetherTakeOneTurn) {
  const auto loop = std::move(*Loop::create({}));
  auto many = [](Loop& l) -> Task<> {
    Scope scope(l);
    for (int i = 0; i < 60; ++i) scope.spawn(wait_a_moment(l));
    co_await scope.join();
  };
  loop->run(many(*loop));
  EXPECT_LE(loop->turns(), 3u) << "turns for sixty completions";
}

}  // namespace
