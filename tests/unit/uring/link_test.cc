#include "uring/extra/link.h"

#include <fcntl.h>

#include <array>
#include <chrono>

#include "fixture.h"

namespace {

using namespace std::chrono_literals;
using tests::bytes_of;
using tests::FailedWith;
using tests::Succeeded;
using tests::text_of;
using tests::unix_connection;
using tests::Uring;
using uring::Canceller;
using uring::Clock;
using uring::Deadline;
using uring::Descriptor;
using uring::Error;
using uring::link;
using uring::Loop;
using uring::Result;
using uring::Scope;
using uring::Task;

TEST_F(Uring, LinkedOperationsHappenInOrder) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    std::array<std::byte, 16> buffer;
    const auto [sent, received] =
        co_await link(loop.send(ends.client, bytes_of("ab")), loop.recv(ends.server, buffer));
    EXPECT_EQ(sent, Result<std::size_t>(2));
    EXPECT_EQ(received, Result<std::size_t>(2));
    EXPECT_EQ(text_of(std::span(buffer).first(2)), "ab");
  });
}

TEST_F(Uring, OpensReadsAndClosesInOneSubmission) {
  const auto registered = loop.register_files(8, 4);
  ASSERT_THAT(registered, Succeeded());
  run([this]() -> Task<> {
    std::array<std::byte, 256> buffer;
    constexpr int slot = 2;
    const auto [opened, got, closed] = co_await link(
        loop.open_in_slot(slot, loop.working_dir(), "/proc/self/comm", O_RDONLY),
        loop.read(Descriptor::direct(slot), buffer).whatever_happens(), loop.close_slot(slot));
    EXPECT_THAT(opened, Succeeded());
    EXPECT_THAT(closed, Succeeded());
    EXPECT_THAT(got, Succeeded());
    EXPECT_EQ(text_of(std::span(buffer).first(got.value_or(0))), "uring_tests\n");
    EXPECT_FALSE(co_await loop.read(Descriptor::direct(slot), buffer));  // it is closed
  });
}

TEST_F(Uring, BehindAFailureTheRestIsCancelled) {
  const auto registered = loop.register_files(8, 4);
  ASSERT_THAT(registered, Succeeded());
  run([this]() -> Task<> {
    std::array<std::byte, 16> buffer;
    const auto [opened, got] =
        co_await link(loop.open_in_slot(1, loop.working_dir(), "/no/such/file", O_RDONLY),
                      loop.read(Descriptor::direct(1), buffer));
    EXPECT_THAT(opened, FailedWith(std::errc::no_such_file_or_directory));
    EXPECT_THAT(got, FailedWith(Error::cancelled));
  });
}

TEST_F(Uring, AQuietOperationTakesItsResultFromTheNext) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    std::array<std::byte, 16> buffer;
    for (int i = 0; i < 10; ++i) {
      const auto [sent, received] =
          co_await link(loop.send(ends.client, bytes_of("abc"), MSG_WAITALL).skip_success(3),
                        loop.recv(ends.server, buffer));
      EXPECT_EQ(sent, Result<std::size_t>(3));
      EXPECT_EQ(received, Result<std::size_t>(3));
    }
  });
}

TEST_F(Uring, AQuietOperationThatFailsSaysSo) {
  run([this]() -> Task<> {
    auto ends = unix_connection();
    ends.server = common::Fd();
    std::array<std::byte, 16> buffer;
    const auto [sent, received] =
        co_await link(loop.send(ends.client, bytes_of("abc"), MSG_WAITALL).skip_success(3),
                      loop.recv(ends.client, buffer));
    EXPECT_THAT(sent, FailedWith(std::errc::broken_pipe));
    EXPECT_THAT(received, FailedWith(Error::cancelled));
  });
}

TEST_F(Uring, ALinkedOperationMayHaveATimeout) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    std::array<std::byte, 16> buffer;
    const auto [first, second] =
        co_await link(loop.recv(ends.server, buffer).within(5ms), loop.nop());
    EXPECT_THAT(first, FailedWith(Error::timed_out));
    EXPECT_THAT(second, FailedWith(Error::cancelled));
    const auto [third, fourth] =
        co_await link(loop.nop(), loop.recv(ends.server, buffer).within(5ms));
    EXPECT_THAT(third, Succeeded());
    EXPECT_THAT(fourth, FailedWith(Error::timed_out));
  });
}

TEST_F(Uring, ALinkEndsWithItsDeadline) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    std::array<std::byte, 16> buffer;
    Deadline deadline(loop, Clock::now() + 5ms);
    const auto [sent, received] =
        co_await link(loop.send(ends.server, bytes_of("a")), loop.recv(ends.server, buffer))
            .until(deadline);
    EXPECT_THAT(sent, Succeeded());
    EXPECT_THAT(received, FailedWith(Error::timed_out));
    const auto [first, second] = co_await link(loop.nop(), loop.nop()).until(deadline);
    EXPECT_THAT(first, FailedWith(Error::timed_out));  // it has passed already
    EXPECT_THAT(second, FailedWith(Error::timed_out));
  });
}

Task<> two_receives(Loop& loop, const common::Fd& fd, bool& finished) {
  std::array<std::byte, 16> buffer;
  const auto [first, second] =
      co_await link(loop.recv(fd, buffer).whatever_happens(), loop.recv(fd, buffer));
  EXPECT_THAT(first, FailedWith(Error::cancelled));
  EXPECT_THAT(second, FailedWith(Error::cancelled));
  finished = true;
}

// The second begins although the first was cancelled, and cannot be found before: it is asked anew.
TEST_F(Uring, CancellingReachesTheOperationsThatWaitInALink) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    bool finished = false;
    Scope scope(loop);
    scope.spawn(two_receives(loop, ends.server, finished));
    (void)co_await loop.nop();
    scope.cancel();
    co_await scope.join();
    EXPECT_TRUE(finished);
  });
}

Task<> stuck_link(Loop& loop, const common::Fd& fd) {
  std::array<std::byte, 16> buffer;
  (void)co_await link(loop.recv(fd, buffer).whatever_happens(), loop.recv(fd, buffer));
  ADD_FAILURE() << "no line of a destroyed frame runs";
}

TEST_F(Uring, ALinkMayBeDestroyedInFlight) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    Scope scope(loop);
    scope.spawn(stuck_link(loop, ends.server));
    (void)co_await loop.nop();
  });
}

}  // namespace
