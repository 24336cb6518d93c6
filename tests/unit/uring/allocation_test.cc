// A warm loop allocates nothing from the heap, neither for an operation nor for a connection.

#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "../allocations.h"
#include "fixture.h"
#include "uring/memory/frame_pool.h"

namespace {

using namespace tests;
using uring::Deadline;

Task<> exchange(Loop& loop, const tests::Ends& ends) {
  Deadline deadline(loop, Clock::now() + 1h);
  std::array<std::byte, 16> buffer;
  (void)co_await loop.send(ends.client, bytes_of("x"));
  (void)co_await loop.recv(ends.server, buffer).until(deadline);
  (void)co_await loop.send(ends.client, bytes_of("x")).within(1h);
  (void)co_await loop.recv(ends.server, buffer);
}

Task<> connect_and_exchange(Loop& loop) {
  const auto ends = unix_connection();
  co_await exchange(loop, ends);
}

Task<> receive_all(Loop& loop, const common::Fd& fd, uring::Buffers& buffers, int& bytes) {
  while (true) {
    const auto lease = co_await loop.recv(fd, buffers);
    if (!lease) {
      while (buffers.available() == 0) (void)co_await buffers.returned();
    } else if (lease->empty()) {
      co_return;
    } else {
      bytes += static_cast<int>(lease->size());
    }
  }
}

constexpr int sends = 50;

Task<> send_all(Loop& loop, const common::Fd& fd) {
  for (int i = 0; i < sends; ++i) (void)co_await loop.send(fd, bytes_of("0123456789"));
  (void)co_await loop.shutdown(fd, SHUT_WR);
}

// A server that had ten thousand clients at noon doesn't keep their frames until night.
TEST(FramePool, KeepsNoMoreOfAPeakThanAMegabyte) {
  constexpr std::size_t frame_bytes = 1000;
  std::thread([] {  // a new one, whose pool is empty
    const Allocations since;
    std::vector<void*> frames;
    for (int i = 0; i < 10'000; ++i) frames.push_back(uring::FramePool::allocate(frame_bytes));
    EXPECT_GT(since.held_bytes(), 10'000'000);
    for (void* const each : frames) uring::FramePool::release(each, frame_bytes);
    frames = {};
    EXPECT_LT(since.held_bytes(), 1'200'000);
  })
      .join();
}

// A thread that makes tasks for another has fewer frames in use than it has made.
TEST(FramePool, KeepsNoMoreOfAnotherThreadsFramesThanAMegabyte) {
  constexpr std::size_t frame_bytes = 1000;
  const Allocations since;
  std::thread([&] {
    std::vector<void*> frames;
    for (int round = 0; round < 3; ++round) {
      std::thread([&frames] {
        for (int i = 0; i < 10'000; ++i) frames.push_back(uring::FramePool::allocate(frame_bytes));
      }).join();
      for (void* const each : frames) uring::FramePool::release(each, frame_bytes);
      frames = {};
    }
    EXPECT_LT(since.held_bytes(), 1'200'000);
  }).join();
  EXPECT_LT(since.held_bytes(), 10'000);
}

/// In a thread of its own, whose pool has no frames of other tests.
class UringAllocation : public tests::Uring {
 protected:
  UringAllocation() : Uring(make_loop(disabled())) {}
  template <typename Body>
  void run(Body body) {
    std::thread([&] {
      ASSERT_THAT(loop.enable(), Succeeded());
      Uring::run(body);
    }).join();
  }

 private:
  static uring::Setup disabled() {
    auto setup = tests::ring_setup();
    setup.disabled = true;
    return setup;
  }
};

CO_TEST_F(UringAllocation, AnOperationAllocatesNothing) {
  const auto ends = unix_connection();
  for (int i = 0; i < 3; ++i) co_await exchange(loop, ends);
  const Allocations allocations;
  for (int i = 0; i < 100; ++i) co_await exchange(loop, ends);
  EXPECT_EQ(allocations.made(), 0u);
}

CO_TEST_F(UringAllocation, ATaskAllocatesNothing) {
  for (int round = 0; round < 2; ++round) {
    const Allocations allocations;
    Scope scope(loop);
    for (int i = 0; i < 100; ++i) scope.spawn(connect_and_exchange(loop));
    co_await scope.join();
    if (round > 0) {
      EXPECT_EQ(allocations.made(), 0u);
    }
  }
}

CO_TEST_F(UringAllocation, AReceiveIntoABufferOfThePoolAllocatesNothing) {
  const auto buffers = std::move(*uring::Buffers::create(loop, loop.setup().buffers, 64));
  int bytes = 0;
  for (int round = 0; round < 3; ++round) {
    const auto ends = tests::tcp_connection();
    bytes = 0;
    const Allocations allocations;
    Scope scope(loop);
    scope.spawn(send_all(loop, ends.client));
    scope.spawn(receive_all(loop, ends.server, *buffers, bytes));
    co_await scope.join();
    EXPECT_EQ(bytes, 10 * sends);
    if (round > 1) {
      EXPECT_EQ(allocations.made(), 0u);
    }
  }
}

}  // namespace
