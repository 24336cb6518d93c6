// How many buffers are in use: as many as are needed, and none is lost or lent twice.

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "fixture.h"
#include "uring/buffers.h"

namespace {

using namespace tests;
using uring::Buffers;
using uring::Lease;

using UringBufferRound = tests::Uring;

// The buffers in use stay in the cache, because the kernel has no more of them than were needed at
// a time.
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

}  // namespace
