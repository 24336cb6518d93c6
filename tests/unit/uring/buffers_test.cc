#include "uring/buffers.h"

#include <array>
#include <chrono>
#include <string>

#include "fixture.h"

namespace {

using namespace tests;
using uring::Buffers;
using uring::Fd;
using uring::Lease;

/// As many buffers as --ring says, but so small that a message needs several.
class UringBuffers : public Uring {
 protected:
  UringBuffers() : buffers(make()) {}

  std::unique_ptr<Buffers> make() {
    auto made = Buffers::create(loop, loop.setup().buffers, 16);
    EXPECT_THAT(made, Succeeded());
    return std::move(*made);
  }

  std::unique_ptr<Buffers> buffers;
};

// The kernel counts groups in 16 bits, and a server may make some for each of its conversations.
CO_TEST_F(UringBuffers, FindsTheOneGroupThatIsFree) {
  constexpr int free_one = 40'000;
  std::byte byte{};
  for (int group = 0; group < 65'536; ++group) {
    if (group == buffers->group()) continue;
    EXPECT_THAT(co_await loop.provide_buffers(&byte, 1, 1, group, 0), Succeeded());
  }
  EXPECT_THAT(Buffers::create(loop, 1, 1), FailedWith(std::errc::file_exists));
  EXPECT_THAT(co_await loop.remove_buffers(1, free_one), Succeeded());
  const auto last = Buffers::create(loop, 1, 1);
  EXPECT_THAT(last, Succeeded());
  EXPECT_EQ((*last)->group(), free_one);
}

TEST_F(UringBuffers, AreAsManyAndAsLargeAsItSaysAndNoMore) {
  constexpr auto count_max = uring::Setup::buffers_max;
  constexpr auto bytes_max = uring::Setup::buffer_bytes_max;
  EXPECT_THAT(Buffers::create(loop, count_max, 1), Succeeded());
  EXPECT_THAT(Buffers::create(loop, 1, bytes_max), Succeeded());
  for (const auto& [count, bytes_each] : {std::pair(0u, std::size_t{1}),
                                          {3u, 1u},
                                          {2 * count_max, 1u},
                                          {1u, 0u},
                                          {1u, bytes_max + 1}}) {
    EXPECT_THAT(Buffers::create(loop, count, bytes_each), FailedWith(std::errc::invalid_argument));
  }
}

CO_TEST_F(UringBuffers, LendsABufferWhenBytesAreThere) {
  const auto ends = unix_connection();
  EXPECT_EQ(buffers->available(), loop.setup().buffers);
  (void)co_await loop.send(ends.client, bytes_of("hello"));
  {
    const auto lease = co_await loop.recv(ends.server, *buffers);
    EXPECT_THAT(lease, Succeeded());
    EXPECT_EQ(text_of(lease->bytes()), "hello");
    EXPECT_EQ(buffers->available(), loop.setup().buffers - 1);
  }
  (void)co_await loop.nop();
  EXPECT_EQ(buffers->available(), loop.setup().buffers);
  (void)co_await loop.shutdown(ends.client, SHUT_WR);
  const auto end = co_await loop.recv(ends.server, *buffers);
  EXPECT_TRUE(end->empty());
}

// An io worker takes a buffer before there are bytes.
CO_TEST_F(UringBuffers, AReceiveThatFailsWithABufferGivesItBack) {
  for (std::uint32_t i = 0; i <= loop.setup().buffers; ++i) {
    auto ends = tcp_connection();
    tests::reset(ends.client);
    EXPECT_THAT(co_await loop.recv(ends.server, *buffers).async(),
                FailedWith(std::errc::connection_reset));
  }
  EXPECT_EQ(buffers->available(), loop.setup().buffers);
}

/// Returns the request that was filled in last.
const io_uring_sqe& last_entry(Loop& loop) {
  const io_uring_sq& queue = loop.ring().raw().sq;
  return queue.sqes[(queue.sqe_tail - 1) & queue.ring_mask];
}

// Trying a receive before there are bytes is pointless, and takes a buffer from others meanwhile.
CO_TEST_F(UringBuffers, AReceiveThatWaitsUntilTheSocketIsReadableTakesNoneBefore) {
  const auto ends = tcp_connection();
  Scope scope(loop);
  Result<Lease> lease;
  scope.spawn(keep_result(loop.recv(ends.server, *buffers, uring::ReceiveWhen::readable), lease));
  EXPECT_EQ(last_entry(loop).ioprio, IORING_RECVSEND_POLL_FIRST);
  (void)co_await loop.send(ends.client, bytes_of("hello"));
  co_await scope.join();
  EXPECT_THAT(lease, Succeeded());
  EXPECT_EQ(text_of(lease->bytes()), "hello");
}

Task<> wait_for_one(Buffers& buffers) { (void)co_await buffers.returned(); }

/// Receives once, in as many tries as that takes.
Task<Result<Lease>> receive_one(Loop& loop, const Fd& fd, Buffers& buffers,
                                uring::ReceiveWhen when = uring::ReceiveWhen::now) {
  auto lease = co_await loop.recv(fd, buffers, when);
  while (!lease && lease.error() == std::errc::no_buffer_space) {
    co_await wait_for_one(buffers);
    lease = co_await loop.recv(fd, buffers);
  }
  EXPECT_THAT(lease, Succeeded());
  co_return lease;
}

// A receive finds no buffer. Before the loop learns that, a buffer is given back, which wakes a
// different waiter, and that one no longer wants it.
CO_TEST_F(UringBuffers, AFailureFromBeforeABufferWasGivenBackHoldsUpNobody) {
  const auto one = *Buffers::create(loop, 1, 16);
  const auto ends = unix_connection();
  (void)co_await loop.send(ends.client, bytes_of("first"));
  auto lease = co_await loop.recv(ends.server, *one);
  EXPECT_THAT(lease, Succeeded());
  (void)co_await loop.send(ends.client, bytes_of("second"));

  Scope scope(loop);
  scope.spawn(wait_for_one(*one));
  Result<Lease> second;
  scope.spawn(keep_result(receive_one(loop, ends.server, *one), second));
  loop.reserve(loop.ring().entries());  // the kernel tries the receive, and nobody looks yet
  lease->give_back();
  const auto joined = co_await scope.join().within(5s);
  EXPECT_THAT(joined, Succeeded());
  if (!joined) scope.cancel();
  co_await scope.join();
}

/// Serves a peer that always has more to send. Keeps each buffer for a turn, as if it answered.
Task<> serve(Loop& loop, const Fd& fd, Buffers& buffers, const bool& is_over, int& served) {
  while (!is_over) {
    const auto lease = co_await receive_one(loop, fd, buffers, uring::ReceiveWhen::readable);
    (void)co_await loop.nop();
    ++served;
  }
}

// Two such peers take the only two buffers, in step. A third one, which waits until one of those is
// given back, gets it before the two come again.
CO_TEST_F(UringBuffers, AWaitingPeerIsServedBesidePeersThatAlwaysHaveMore) {
  const auto two = *Buffers::create(loop, 2, 16);
  const std::array<tests::Ends, 3> ends{unix_connection(), unix_connection(), unix_connection()};
  const std::string much(64 * 1024, 'm');
  for (const auto& each : ends) {
    EXPECT_EQ(co_await loop.send(each.client, bytes_of(much)), Result<std::size_t>(much.size()));
    (void)co_await loop.shutdown(each.client, SHUT_WR);
  }
  bool is_over = false;
  int served = 0;
  Scope scope(loop);
  scope.spawn(serve(loop, ends[0].server, *two, is_over, served));
  scope.spawn(serve(loop, ends[1].server, *two, is_over, served));
  (void)co_await receive_one(loop, ends[2].server, *two, uring::ReceiveWhen::readable);
  EXPECT_LT(served, 20);
  is_over = true;
  co_await scope.join();
}

// We use TCP, because on a Unix socket Linux 6.18 doesn't report an end of stream to a multishot
// receive if it came before the last bytes were taken.

constexpr std::size_t stream_bytes = 100'000;

Task<> send_numbers(Loop& loop, const Fd& fd) {
  std::array<std::byte, 999> chunk;
  for (std::size_t sent = 0; sent < stream_bytes;) {
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      chunk[i] = static_cast<std::byte>((sent + i) * 31 % 251);
    }
    const auto left = std::min(chunk.size(), stream_bytes - sent);
    const auto count = co_await loop.send(fd, std::span(chunk).first(left));
    EXPECT_THAT(count, Succeeded());
    if (!count) co_return;
    sent += *count;
  }
  EXPECT_THAT(co_await loop.shutdown(fd, SHUT_WR), Succeeded());
}

// Buffers run out all the time, but the bytes come whole and in order.
Task<> receive_numbers(Loop& loop, const Fd& fd, Buffers& buffers, int& shortages) {
  std::size_t received = 0;
  std::vector<Lease> hoard;
  while (true) {
    auto lease = co_await loop.recv(fd, buffers);
    if (!lease && lease.error() == std::errc::no_buffer_space) {
      ++shortages;
      hoard.clear();
      while (buffers.available() == 0) (void)co_await buffers.returned();
      continue;
    }
    EXPECT_THAT(lease, Succeeded());
    if (!lease || lease->empty()) break;
    for (const std::byte byte : lease->bytes()) {
      if (byte != static_cast<std::byte>(received * 31 % 251)) {
        ADD_FAILURE() << "wrong at byte " << received;
        co_return;
      }
      ++received;
    }
    if (received % 7 < 3) hoard.push_back(std::move(*lease));
  }
  EXPECT_EQ(received, stream_bytes);
}

CO_TEST_F(UringBuffers, ConnectionsThatShareThemLoseNoByteAndNoneChangesPlaces) {
  int shortages = 0;
  std::vector<tests::Ends> ends;
  for (int i = 0; i < 5; ++i) ends.push_back(tcp_connection());
  Scope scope(loop);
  for (const auto& each : ends) {
    scope.spawn(send_numbers(loop, each.client));
    scope.spawn(receive_numbers(loop, each.server, *buffers, shortages));
  }
  co_await scope.join();
  EXPECT_GT(shortages, 0);
}

}  // namespace
