// Memory that is larger than the 32 bits of an entry can express.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "fixture.h"

namespace {

using namespace tests;

using Size = Result<std::size_t>;

/// More than 4 GiB, by this many bytes. No page is allocated before it's written to.
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

// The kernel itself shortens a longer one, and considers a send that it shortened complete.
TEST_F(UringLarge, ARequestAsksForNoMoreThanTheKernelMoves) {
  const uring::Fd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const auto moved = ::write(null.get(), memory.bytes().data(), memory.bytes().size());
  EXPECT_LE(uring::request_bytes_max, static_cast<std::size_t>(moved));
}

}  // namespace
