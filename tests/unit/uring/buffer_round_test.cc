// How many of the buffers go round: as many as are needed, and none is lost or lent twice.

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "fixture.h"
#include "uring/buffers.h"
#include "uring/extra/multishot_streams.h"

namespace {

using namespace tests;
using uring::Buffers;
using uring::Lease;
using uring::RecvStream;

using UringBufferRound = tests::Uring;

// What goes round stays in the cache: the kernel has no more of them than were needed at once.
CO_TEST_F(UringBufferRound, AFewGoRoundAsLongAsAFewAreEnough) {
  const auto ends = unix_connection();
  const auto many = std::move(*Buffers::create(loop, 64, 16));
  std::set<const std::byte*> seen;
  for (int i = 0; i < 200; ++i) {
    (void)co_await loop.send(ends.client, bytes_of("x"));
    const auto lease = co_await loop.start(uring::RecvLease(ends.server, *many));
    EXPECT_THAT(lease, Succeeded());
    if (!lease) co_return;
    seen.insert(lease->bytes().data());
  }
  EXPECT_LE(seen.size(), 16u);
  for (const std::byte* begin : seen) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(begin) % 64, 0u) << "no line of the cache";
  }
}

CO_TEST_F(UringBufferRound, ThereAreMoreWhenAllOfThoseAreLent) {
  const auto ends = unix_connection();
  const auto many = std::move(*Buffers::create(loop, 64, 1));
  (void)co_await loop.send(ends.client, bytes_of(std::string(65, 'x')));
  std::vector<Lease> leases;
  std::set<const std::byte*> seen;
  for (int i = 0; i < 64; ++i) {
    auto lease = co_await loop.start(uring::RecvLease(ends.server, *many));
    EXPECT_THAT(lease, Succeeded());
    if (!lease) co_return;
    EXPECT_TRUE(seen.insert(lease->bytes().data()).second) << "lent twice";
    leases.push_back(std::move(*lease));
  }
  EXPECT_EQ(many->available(), 0u);
  EXPECT_THAT(co_await loop.start(uring::RecvLease(ends.server, *many)),
              FailedWith(std::errc::no_buffer_space));
  leases.clear();
  while (many->available() < 64) EXPECT_THAT(co_await many->returned(), Succeeded());
  EXPECT_THAT(co_await loop.start(uring::RecvLease(ends.server, *many)), Succeeded());
}

// What has come for a stream that nobody asks is not lent, but the kernel does not have it either.
CO_TEST_F(UringBufferRound, AStreamThatNobodyAsksLeavesSomeToOthers) {
  const auto many = std::move(*Buffers::create(loop, 64, 1));
  const auto busy = tcp_connection();
  const auto other = tcp_connection();
  RecvStream stream(loop, busy.server, *many);
  (void)co_await loop.send(busy.client, bytes_of("x"));
  EXPECT_THAT(co_await stream.next(), Succeeded());
  (void)co_await loop.send(busy.client, bytes_of(std::string(20, 'y')));
  (void)co_await loop.sleep(5ms);  // its coroutine has something else to do

  (void)co_await loop.send(other.client, bytes_of("z"));
  auto lease = co_await loop.start(uring::RecvLease(other.server, *many));
  for (int i = 0; i < 10 && !lease; ++i) {
    EXPECT_THAT(lease, FailedWith(std::errc::no_buffer_space));
    EXPECT_GT(many->available(), 0u);
    lease = co_await loop.start(uring::RecvLease(other.server, *many));
  }
  EXPECT_THAT(lease, Succeeded());
}

}  // namespace
