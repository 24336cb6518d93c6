// How a ring is set up. tests/protocol checks why there may be none, and which lists of options are
// refused.
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "fixture.h"
#include "uring/buffers.h"
#include "uring/ring.h"
#include "uring/setup.h"

namespace {

using namespace tests;
using uring::Ring;
using uring::Setup;

TEST(RingSetup, ReadsTheList) {
  EXPECT_EQ(Setup::parse("")->entries, uring::Setup().entries);
  const auto setup = Setup::parse("entries=4,completions=8192,buffers=2,sqpoll");
  ASSERT_TRUE(setup);
  EXPECT_EQ(setup->entries, 4u);
  EXPECT_EQ(setup->completions, 8192u);
  EXPECT_EQ(setup->buffers, 2u);
  EXPECT_TRUE(setup->sqpoll);
  EXPECT_FALSE(Setup::parse("entries=4")->sqpoll);
}

TEST(RingSetup, NumbersOutOfBoundsAreNotTheKernelsFault) {
  for (const std::uint32_t entries : {0u, 1u, 3u, 32'769u}) {
    uring::Setup setup;
    setup.entries = entries;
    EXPECT_THAT(Ring::create(setup), FailedWith(std::errc::invalid_argument));
  }
}

TEST(RingSetup, HasRoomForSoManyCompletions) {
  for (const auto& [completions, room] :
       {std::pair(0u, 32u), {8192u, 8192u}, {8u, 16u}, {65537u, 65536u}}) {
    uring::Setup setup;
    setup.entries = 16;
    setup.completions = completions;
    auto ring = Ring::create(setup);
    ASSERT_THAT(ring, Succeeded());
    EXPECT_EQ(ring->raw().cq.ring_entries, room) << completions;
  }
}

// A time limit takes two entries that go in together.
TEST(RingSetup, TheLeastThatIsAcceptedServes) {
  uring::Setup least;
  least.entries = 4;
  least.buffers = 1;
  least.buffer_bytes = 1;
  least.spin = std::chrono::nanoseconds(-1);
  const auto loop = std::move(*uring::Loop::create(least));
  const auto body = [](uring::Loop& l) -> uring::Task<> {
    using namespace std::chrono_literals;
    const auto made = uring::Buffers::create(l, l.setup().buffers, l.setup().buffer_bytes);
    EXPECT_TRUE(made);
    const auto ends = tests::unix_connection();
    EXPECT_TRUE(co_await l.send(ends.client, tests::bytes_of("hi")));
    for (const char* const expected : {"h", "i"}) {
      const auto lease = co_await l.start(uring::RecvLease(ends.server, **made));
      EXPECT_EQ(tests::text_of(lease->bytes()), expected);
    }
    // An io worker has it, so the loop has to ask again, after a pause.
    const Pipe from;
    const Pipe to;
    EXPECT_THAT(co_await l.splice(from.out, -1, to.in, -1, 10).within(10ms), TimedOut());
  };
  loop->run(body(*loop));
}

TEST(RingSetup, BuffersHaveBoundsThatTheListHasToo) {
  const auto largest = std::to_string(Setup::buffer_bytes_max);
  const auto too_large = std::to_string(Setup::buffer_bytes_max + 1);
  EXPECT_EQ(Setup::parse("buffer-bytes=" + largest)->buffer_bytes, Setup::buffer_bytes_max);
  EXPECT_THAT(Setup::parse("buffer-bytes=" + too_large), FailedWith(std::errc::invalid_argument));
  const auto loop = tests::make_loop();
  EXPECT_THAT(uring::Buffers::create(*loop, 1, Setup::buffer_bytes_max), Succeeded());
  for (const std::uint32_t count : {0u, 3u, 65'536u}) {
    EXPECT_THAT(uring::Buffers::create(*loop, count, 64), FailedWith(std::errc::invalid_argument))
        << count;
  }
  // The kernel has 32 bits for the size, where this one is 0, and std::size_t may have no more.
  const auto four_gibibytes = static_cast<std::size_t>(std::uint64_t{1} << 32);
  for (const std::size_t bytes : {std::size_t{0}, Setup::buffer_bytes_max + 1, four_gibibytes,
                                  std::numeric_limits<std::size_t>::max()}) {
    EXPECT_THAT(uring::Buffers::create(*loop, 1, bytes), FailedWith(std::errc::invalid_argument))
        << bytes;
  }
}

TEST(UringError, TimedOutAndCancelledAreDifferent) {
  const std::error_code cancelled = uring::Error::cancelled;
  const std::error_code timed_out = uring::Error::timed_out;
  const std::error_code too_old = uring::Error::kernel_too_old;
  EXPECT_NE(cancelled, timed_out);
  EXPECT_EQ(cancelled, std::errc::operation_canceled);
  EXPECT_EQ(timed_out, std::errc::timed_out);
  EXPECT_EQ(too_old, std::errc::function_not_supported);
  EXPECT_EQ(cancelled.message(), "cancelled");
  EXPECT_EQ(timed_out.message(), "timed out");
  EXPECT_EQ(too_old.message(), "the kernel is too old");
}

}  // namespace
