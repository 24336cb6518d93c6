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

constexpr std::size_t large_bytes = 64 * 1024;

Task<> echo(Loop& loop, const Fd& fd, Buffers& buffers, std::set<const std::byte*>& seen) {
  while (true) {
    const auto lease = co_await loop.recv(fd, buffers);
    if (!lease && lease.error() == std::errc::no_buffer_space) {
      EXPECT_THAT(co_await buffers.returned(), Succeeded());
      continue;
    }
    EXPECT_THAT(lease, Succeeded());
    if (!lease || lease->empty()) co_return;
    seen.insert(lease->bytes().data());
    (void)co_await loop.nop();  // others receive meanwhile
    EXPECT_THAT(co_await loop.send(fd, lease->bytes()), Succeeded());
  }
}

Task<> send_and_receive(Loop& loop, const Fd& fd) {
  std::vector<std::byte> message(large_bytes);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(co_await loop.send(fd, message), Result<std::size_t>(message.size()));
    EXPECT_EQ(co_await loop.recv(fd, message, MSG_WAITALL), Result<std::size_t>(message.size()));
  }
  (void)co_await loop.shutdown(fd, SHUT_WR);
}

CO_TEST_F(UringBufferRound, LargeMessagesTakeTurnsWithAFew) {
  const auto many = std::move(*Buffers::create(loop, 64, large_bytes));
  std::vector<tests::Ends> ends;
  for (int i = 0; i < 32; ++i) ends.push_back(unix_connection());
  std::set<const std::byte*> seen;
  Scope scope(loop);
  for (const auto& each : ends) {
    scope.spawn(echo(loop, each.server, *many, seen));
    scope.spawn(send_and_receive(loop, each.client));
  }
  co_await scope.join();
  // In a tiny ring, turns pass in which none comes back, and then there are more.
  if (loop.ring().entries() >= ends.size()) {
    EXPECT_LE(seen.size(), 16u);
  }
}

CO_TEST_F(UringBufferRound, WhoKeepsThemAllGetsThemAll) {
  const auto ends = unix_connection();
  const auto many = std::move(*Buffers::create(loop, 8, large_bytes));
  const std::string message(large_bytes, 'x');
  std::vector<Lease> leases;
  while (leases.size() < 8) {
    (void)co_await loop.send(ends.client, bytes_of(message));
    auto lease = co_await loop.recv(ends.server, *many);
    while (!lease && lease.error() == std::errc::no_buffer_space) {
      const auto waited = co_await many->returned().within(1s);
      EXPECT_THAT(waited, Succeeded());
      if (!waited) co_return;
      lease = co_await loop.recv(ends.server, *many);
    }
    EXPECT_THAT(lease, Succeeded());
    if (!lease) co_return;
    leases.push_back(std::move(*lease));
  }
}

}  // namespace
