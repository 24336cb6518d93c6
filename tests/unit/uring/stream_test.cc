#include "uring/extra/stream.h"

#include <poll.h>

#include <array>
#include <chrono>

#include "fixture.h"
#include "uring/extra/multishot_streams.h"

namespace {

using namespace tests;
using uring::AcceptStream;
using uring::Fd;
using uring::PollStream;
using uring::TimeoutStream;

CO_TEST_F(Uring, AcceptsManyWithOneRequest) {
  const auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
  const auto address = *common::Address::of_socket(*listener);
  AcceptStream clients(loop, *listener);
  const auto begun = loop.begun();
  for (int round = 0; round < 3; ++round) {
    std::array<Fd, 10> ends;
    for (Fd& end : ends) end = connect_to(address);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const auto client = co_await clients.next();
      EXPECT_THAT(client, Succeeded());
      EXPECT_EQ(::send(client->get(), "x", 1, MSG_NOSIGNAL), 1);
    }
    for (Fd& end : ends) {
      char byte = 0;
      EXPECT_EQ(::recv(end.get(), &byte, 1, 0), 1);
    }
  }
  // A completion queue that overflows ends a multishot request, without any loss.
  EXPECT_LE(loop.begun() - begun, 15u);
  co_await clients.stop();
}

TEST_F(Uring, ConnectionsThatNobodyFetchedAreClosed) {
  const auto listener = common::listen_on(tests::on_free_port(), common::SocketMode::blocking);
  const auto address = *common::Address::of_socket(*listener);
  std::array<Fd, 3> ends;
  run([&]() -> Task<> {
    AcceptStream clients(loop, *listener);
    for (Fd& end : ends) end = connect_to(address);
    EXPECT_THAT(co_await clients.next(), Succeeded());
    (void)co_await loop.nop();
  });
  for (const Fd& end : ends) {
    char byte = 0;
    EXPECT_EQ(::recv(end.get(), &byte, 1, 0), 0);
  }
}

CO_TEST_F(Uring, BeatsUntilItIsStopped) {
  TimeoutStream beat(loop, 2ms);
  const auto before = Clock::now();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(co_await beat.next(), Succeeded());
  EXPECT_GE(Clock::now() - before, 10ms);
  co_await beat.stop();
  EXPECT_FALSE(beat.in_flight());
  EXPECT_THAT(co_await beat.next(), Succeeded());  // and begins anew when it is asked
}

// One request for all of them could not be stopped: the kernel would never find it.
CO_TEST_F(Uring, BeatsThatAreAlwaysDueCanBeStopped) {
  for (const auto every : {0ns, 1ns, 999'999ns}) {
    TimeoutStream beat(loop, every);
    for (int i = 0; i < 5; ++i) EXPECT_THAT(co_await beat.next(), Succeeded());
    EXPECT_THAT(co_await beat.stop().within(1s), Succeeded());
    EXPECT_FALSE(beat.in_flight());
  }
}

/// As on a kernel that has no multishot timeout.
class SingleTimeouts : public uring::TimeoutMany {
 public:
  static constexpr int sign = 255;  // no kernel has it
  using TimeoutMany::TimeoutMany;
};

CO_TEST_F(Uring, MakesARequestForEachResultWhereTheKernelHasNoOther) {
  uring::Stream<SingleTimeouts> beat(loop, SingleTimeouts(2ms));
  const auto begun = loop.begun();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(co_await beat.next(), Succeeded());
  EXPECT_EQ(loop.begun() - begun, 5u);
}

CO_TEST_F(Uring, WhoWaitsForAStreamThatIsStoppedIsTold) {
  const auto ends = unix_connection();
  PollStream events(loop, ends.server, POLLIN);
  std::optional<Result<unsigned>> outcome;
  Scope scope(loop);
  scope.spawn(keep_result(events.next(), outcome));
  (void)co_await loop.nop();
  co_await events.stop();
  co_await scope.join();
  EXPECT_THAT(*outcome, Cancelled());
}

}  // namespace
