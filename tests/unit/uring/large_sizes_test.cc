// Memory that is larger than what the 32 bits of an entry can say.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "exchange.h"
#include "uring/buffers.h"

namespace {

using namespace tests;
using uring::Buffers;

using Size = Result<std::size_t>;

/// More than 4 GiB by this many bytes. None of its pages is there before it is written to.
class LargeMemory {
 public:
  static constexpr std::size_t beyond = 3;

  LargeMemory()
      : memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {}
  LargeMemory(const LargeMemory&) = delete;
  LargeMemory& operator=(const LargeMemory&) = delete;
  ~LargeMemory() {
    if (is_there()) ::munmap(memory_, size);
  }

  bool is_there() const { return memory_ != MAP_FAILED; }
  std::span<std::byte> bytes() const { return {static_cast<std::byte*>(memory_), size}; }

 private:
  static constexpr auto size = static_cast<std::size_t>((std::uint64_t{1} << 32) + beyond);

  void* memory_;
};

class UringLarge : public tests::Uring {
 protected:
  void SetUp() override {
    if (sizeof(std::size_t) <= sizeof(unsigned)) GTEST_SKIP() << "no memory is that large here";
    if (!memory.is_there()) GTEST_SKIP() << "the kernel does not promise that much memory";
  }

  const LargeMemory memory;
};

CO_TEST_F(UringLarge, ReceivesMoreThanTheLowestBitsOfTheSizeSay) {
  const auto ends = unix_connection();
  (void)co_await loop.send(ends.client, bytes_of("received"));
  EXPECT_EQ(co_await loop.recv(ends.server, memory.bytes()), Size(8u));
  (void)co_await loop.send(ends.client, bytes_of("read"));
  EXPECT_EQ(co_await loop.read(ends.server, memory.bytes()), Size(4u));
}

CO_TEST_F(UringLarge, SendsMoreThanTheLowestBitsOfTheSizeSay) {
  const auto one = unix_connection();
  const auto sent = co_await loop.send(one.client, memory.bytes());
  EXPECT_GT(sent.value_or(0), LargeMemory::beyond);
  const auto other = unix_connection();
  const auto written = co_await loop.write(other.client, memory.bytes());
  EXPECT_GT(written.value_or(0), LargeMemory::beyond);
}

// The kernel cuts a longer one by itself, and a send that it has cut counts as all of it.
TEST_F(UringLarge, ARequestAsksForNoMoreThanTheKernelMoves) {
  const uring::Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const auto moved = ::write(null.get(), memory.bytes().data(), memory.bytes().size());
  EXPECT_LE(uring::request_bytes_max, static_cast<std::size_t>(moved));
}

// What a send that was to skip its completion has not sent would be lost without a word.
CO_TEST_F(UringLarge, AnAnswerThatLargeFallsShort) {
  const auto buffers = std::move(*Buffers::create(loop, 2, 64));
  const auto ends = unix_connection();
  Exchange exchange(loop, ends.server, *buffers);
  exchange.stage(memory.bytes());
  exchange.start();
  (void)co_await loop.send(ends.client, bytes_of("next"));
  while (exchange.in_flight()) (void)co_await loop.nop();
  EXPECT_FALSE(exchange.received());
  EXPECT_GT(exchange.unsent().size(), 0u);
  EXPECT_LT(exchange.unsent().size(), memory.bytes().size() - LargeMemory::beyond);
}

// The receive of a link would begin, and say that all was sent.
TEST_F(UringLarge, OnlyAnAnswerThatOneSendTakesIsLinkedToAReceive) {
  if (loop.ring().sqpoll()) GTEST_SKIP() << "nothing is linked there";
  const auto buffers = std::move(*Buffers::create(loop, 2, 64));
  for (const std::size_t beyond : {0, 1}) {
    const auto ends = unix_connection();
    Exchange exchange(loop, ends.server, *buffers);
    const unsigned entries = loop.ring().raw().sq.sqe_tail;
    exchange.stage(memory.bytes().first(uring::request_bytes_max + beyond));
    exchange.start();
    EXPECT_EQ(loop.ring().raw().sq.sqe_tail - entries, 2 - beyond);
  }
}

}  // namespace
