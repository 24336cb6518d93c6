#include "uring/extra/link.h"

#include <fcntl.h>

#include <array>
#include <chrono>

#include "fixture.h"

namespace {

using namespace tests;
using ::testing::FieldsAre;
using uring::Canceller;
using uring::Deadline;
using uring::Descriptor;
using uring::link;

using Size = Result<std::size_t>;

CO_TEST_F(Uring, LinkedOperationsHappenInOrder) {
  const auto ends = unix_connection();
  std::array<std::byte, 16> buffer;
  EXPECT_THAT(co_await link(loop.send(ends.client, bytes_of("ab")), loop.recv(ends.server, buffer)),
              FieldsAre(Size(2), Size(2)));
  EXPECT_EQ(text_of(std::span(buffer).first(2)), "ab");
}

CO_TEST_F(Uring, OpensReadsAndClosesInOneSubmission) {
  EXPECT_THAT(loop.register_files(8, 4), Succeeded());
  const std::string_view text = "uring_tests\n";
  std::array<std::byte, 256> buffer;
  constexpr int slot = 2;
  EXPECT_THAT(
      co_await link(loop.open_in_slot(slot, loop.working_dir(), "/proc/self/comm", O_RDONLY),
                    loop.read(Descriptor::direct(slot), buffer).whatever_happens(),
                    loop.close_slot(slot)),
      FieldsAre(Succeeded(), Size(text.size()), Succeeded()));
  EXPECT_EQ(text_of(std::span(buffer).first(text.size())), text);
  EXPECT_FALSE(co_await loop.read(Descriptor::direct(slot), buffer));  // it is closed
}

CO_TEST_F(Uring, BehindAFailureTheRestIsCancelled) {
  EXPECT_THAT(loop.register_files(8, 4), Succeeded());
  std::array<std::byte, 16> buffer;
  EXPECT_THAT(co_await link(loop.open_in_slot(1, loop.working_dir(), "/no/such/file", O_RDONLY),
                            loop.read(Descriptor::direct(1), buffer)),
              FieldsAre(FailedWith(std::errc::no_such_file_or_directory), Cancelled()));
}

CO_TEST_F(Uring, BehindAHardLinkTheRestIsDoneAllTheSame) {
  const auto nowhere = Descriptor::borrowed(-1);
  const auto failed = FailedWith(std::errc::bad_file_descriptor);
  std::array<std::byte, 16> buffer;
  EXPECT_THAT(co_await link(loop.read(nowhere, buffer).whatever_happens(), loop.nop(), loop.nop()),
              FieldsAre(failed, Succeeded(), Succeeded()));
  // Only the member that it was asked of is one.
  EXPECT_THAT(co_await link(loop.nop().whatever_happens(), loop.read(nowhere, buffer),
                            loop.nop().whatever_happens()),
              FieldsAre(Succeeded(), failed, Cancelled()));
}

CO_TEST_F(Uring, ALinkEndsWithItsDeadline) {
  const auto ends = unix_connection();
  std::array<std::byte, 16> buffer;
  Deadline deadline(loop, Clock::now() + 5ms);
  EXPECT_THAT(co_await link(loop.send(ends.server, bytes_of("a")), loop.recv(ends.server, buffer))
                  .until(deadline),
              FieldsAre(Succeeded(), TimedOut()));
  // It has passed already.
  EXPECT_THAT(co_await link(loop.nop(), loop.nop()).until(deadline),
              FieldsAre(TimedOut(), TimedOut()));
}

Task<> two_receives(Loop& loop, const common::Fd& fd, bool& finished) {
  std::array<std::byte, 16> buffer;
  EXPECT_THAT(co_await link(loop.recv(fd, buffer).whatever_happens(), loop.recv(fd, buffer)),
              FieldsAre(Cancelled(), Cancelled()));
  finished = true;
}

// The second begins although the first was cancelled, and cannot be found before: it is asked
// anew.
CO_TEST_F(Uring, CancellingReachesTheOperationsThatWaitInALink) {
  const auto ends = unix_connection();
  bool finished = false;
  Scope scope(loop);
  scope.spawn(two_receives(loop, ends.server, finished));
  (void)co_await loop.nop();
  scope.cancel();
  co_await scope.join();
  EXPECT_TRUE(finished);
}

Task<> cancelled_second(Loop& loop, const common::Fd& fd, Canceller& canceller) {
  std::array<std::byte, 16> buffer;
  EXPECT_THAT(co_await link(loop.recv(fd, buffer).whatever_happens(),
                            loop.recv(fd, buffer).cancelled_by(canceller)),
              FieldsAre(Succeeded(), Cancelled()));
}

// Asking for it again and again would keep the loop busy.
CO_TEST_F(Uring, AMemberThatCannotBeFoundYetIsAskedOnce) {
  const auto ends = unix_connection();
  Canceller canceller;
  Scope scope(loop);
  scope.spawn(cancelled_second(loop, ends.server, canceller));
  (void)co_await loop.nop();
  canceller.cancel();
  const unsigned entries = loop.ring().raw().sq.sqe_tail;
  (void)co_await loop.sleep(20ms);
  EXPECT_LT(loop.ring().raw().sq.sqe_tail - entries, 8);
  EXPECT_EQ(::send(ends.client.get(), "x", 1, 0), 1);
  co_await scope.join();
}

Task<> stuck_link(Loop& loop, const common::Fd& fd) {
  std::array<std::byte, 16> buffer;
  (void)co_await link(loop.recv(fd, buffer).whatever_happens(), loop.recv(fd, buffer));
  ADD_FAILURE() << "no line of a destroyed frame runs";
}

CO_TEST_F(Uring, ALinkMayBeDestroyedInFlight) {
  const auto ends = unix_connection();
  Scope scope(loop);
  scope.spawn(stuck_link(loop, ends.server));
  (void)co_await loop.nop();
}

Task<> two_hard_receives(Loop& loop, const common::Fd& silent, const common::Fd& data,
                         Deadline& deadline, std::optional<Result<std::size_t>>& outcome) {
  std::array<std::byte, 16> in;
  std::array<std::byte, 16> more;
  const std::array<std::byte, 16> out{};
  const auto results = co_await link(loop.recv(silent, in).whatever_happens(),
                                     loop.recv(data, more).whatever_happens(), loop.send(data, out))
                           .until(deadline);
  const auto& [first, second, third] = results;
  EXPECT_THAT(first, TimedOut());
  outcome = second;
}

CO_TEST_F(Uring, AMemberThatHasItsResultReportsItAlsoIfTheLinkIsCancelled) {
  const auto silent = unix_connection();
  const auto data = unix_connection();
  EXPECT_EQ(::send(data.client.get(), "hello", 5, 0), 5);
  std::optional<Result<std::size_t>> outcome;
  {
    Deadline deadline(loop, Clock::now() + 5ms);
    Scope scope(loop);
    scope.spawn(two_hard_receives(loop, silent.server, data.server, deadline, outcome));
    co_await scope.join();
  }
  (void)co_await loop.sleep(5ms);  // for completions that should have been waited for
  std::array<std::byte, 16> rest;
  const auto left = ::recv(data.server.get(), rest.data(), rest.size(), MSG_DONTWAIT);
  EXPECT_EQ(outcome->value_or(0) + static_cast<std::size_t>(std::max<ssize_t>(left, 0)), 5u);
}

// Each awaits what would take for ever, and has a guard that must not be needed.
CO_TEST_F(Uring, MembersOfALinkHaveLimitsOfTheirOwn) {
  const auto ends = unix_connection();
  std::array<std::byte, 16> to;
  const auto receive = [&] { return loop.recv(ends.server, to); };
  const auto send = [&] { return loop.send(ends.server, bytes_of("a")); };
  Deadline guard(loop, Clock::now() + 10s);
  Deadline deadline(loop, Clock::now() + 10ms);
  EXPECT_THAT(co_await link(receive().until(deadline), send()).until(guard),
              FieldsAre(TimedOut(), Cancelled()));
  deadline.renew(Clock::now() + 10ms);
  EXPECT_THAT(co_await link(send(), receive().until(deadline)).until(guard),
              FieldsAre(Succeeded(), TimedOut()));
  EXPECT_THAT(co_await link(receive().within(5ms), loop.nop()).until(guard),
              FieldsAre(TimedOut(), Cancelled()));
  EXPECT_THAT(co_await link(send(), receive().within(5ms)).until(guard),
              FieldsAre(Succeeded(), TimedOut()));
  EXPECT_THAT(co_await link(receive().within(5ms).whatever_happens(), loop.nop()).until(guard),
              FieldsAre(TimedOut(), Succeeded()));
  EXPECT_THAT(co_await link(receive().whatever_happens().within(5ms), loop.nop()).until(guard),
              FieldsAre(TimedOut(), Succeeded()));
  EXPECT_THAT(co_await link(receive(), loop.nop()).within(5ms).until(guard),
              FieldsAre(TimedOut(), TimedOut()));
  EXPECT_LT(Clock::now(), guard.due());
}

CO_TEST_F(Uring, AMemberThatIsCancelledBeforehandCountsAsFailed) {
  const auto ends = unix_connection();
  std::array<std::byte, 16> to;
  Canceller canceller;
  canceller.cancel(Error::timed_out);
  const auto receive = [&] { return loop.recv(ends.server, to).cancelled_by(canceller); };
  const auto begun = loop.begun();
  EXPECT_THAT(co_await link(loop.send(ends.client, bytes_of("a")), receive(), loop.nop()),
              FieldsAre(Succeeded(), TimedOut(), Cancelled()));
  EXPECT_EQ(loop.begun(), begun + 1);
  EXPECT_THAT(co_await link(receive().whatever_happens(), loop.nop()),
              FieldsAre(TimedOut(), Succeeded()));
  EXPECT_EQ(loop.begun(), begun + 2);
  EXPECT_THAT(co_await link(receive(), loop.nop()), FieldsAre(TimedOut(), Cancelled()));
  EXPECT_EQ(loop.begun(), begun + 2);
}

TEST(UringLoop, ALinkLongerThanTheRingFails) {
  const auto loop = std::move(*Loop::create(*uring::Setup::parse("entries=4")));
  loop->run([](Loop& l) -> Task<> {
    const auto begun = l.begun();
    const auto too_long = FailedWith(std::errc::argument_list_too_long);
    EXPECT_THAT(co_await link(l.nop(), l.nop(), l.nop(), l.nop(), l.nop()).within(1s),
                FieldsAre(too_long, too_long, too_long, too_long, too_long));
    EXPECT_EQ(l.begun(), begun);

    // A time limit takes no entry.
    EXPECT_THAT(co_await link(l.nop().within(1s), l.nop().within(1s), l.nop().within(1s),
                              l.nop().within(1s))
                    .within(1s),
                FieldsAre(Succeeded(), Succeeded(), Succeeded(), Succeeded()));
  }(*loop));
}

// In a link a member waits for those before it, and its time does not wait with it.
CO_TEST_F(Uring, TheTimeOfAMemberRunsFromTheBeginningOfTheLink) {
  const auto ends = unix_connection();
  std::array<std::byte, 16> to;
  const auto begin = uring::Clock::now();
  EXPECT_THAT(co_await link(loop.recv(ends.server, to).within(20ms).whatever_happens(),
                            loop.recv(ends.server, to).within(10ms)),
              FieldsAre(TimedOut(), TimedOut()));
  EXPECT_GE(uring::Clock::now() - begin, 20ms);
}

}  // namespace
