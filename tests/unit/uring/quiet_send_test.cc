#include "uring/quiet_send.h"

#include <array>
#include <chrono>
#include <string>

#include "fixture.h"
#include "uring/streams.h"

namespace {

using namespace std::chrono_literals;
using tests::bytes_of;
using tests::FailedWith;
using tests::Succeeded;
using tests::tcp_connection;
using tests::text_of;
using tests::unix_connection;
using tests::Uring;
using uring::QuietSend;
using uring::Result;
using uring::Scope;
using uring::Task;

TEST_F(Uring, AQuietSendIsDoneWhenTheNextInputIsThere) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    std::array<std::byte, 8> buffer;
    QuietSend answer(loop);
    for (int i = 0; i < 10; ++i) {
      answer.start(ends.server, bytes_of("ping"));
      EXPECT_EQ(co_await loop.recv(ends.client, buffer), Result<std::size_t>(4u));
      EXPECT_EQ(co_await answer.sent(), Result<std::size_t>(4u));
    }
  });
}

// Nothing else is under way that would end the loop's sleep.
TEST_F(Uring, AQuietSendCanBeWaitedForAlone) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    QuietSend answer(loop);
    answer.start(ends.server, bytes_of("ping"));
    EXPECT_EQ(co_await answer.sent(), Result<std::size_t>(4u));
  });
}

TEST_F(Uring, AQuietSendSaysHowMuchTheKernelTook) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    const std::string much(10'000'000, 'x');
    QuietSend answer(loop);
    answer.start(ends.server, bytes_of(much));
    (void)co_await loop.nop();
    const auto sent = co_await answer.sent();
    EXPECT_THAT(sent, Succeeded());
    EXPECT_GT(sent.value_or(0), 0u);
    EXPECT_LT(sent.value_or(much.size()), much.size());
    answer.start(ends.server, bytes_of(much));
    (void)co_await loop.nop();
    EXPECT_EQ(co_await answer.sent(), Result<std::size_t>(0u));  // no room at all: no error
  });
}

TEST_F(Uring, AQuietSendThatFailsSaysWhy) {
  run([this]() -> Task<> {
    auto ends = unix_connection();
    ends.client = common::Fd();
    QuietSend answer(loop);
    answer.start(ends.server, bytes_of("ping"));
    (void)co_await loop.nop();
    EXPECT_THAT(co_await answer.sent(), FailedWith(std::errc::broken_pipe));
  });
}

Task<> start_and_wait(uring::Loop& loop, const common::Fd& fd) {
  QuietSend answer(loop);
  answer.start(fd, bytes_of("ping"));
  (void)co_await loop.sleep(1h);
}

TEST_F(Uring, AQuietSendMayBeDestroyedBeforeItIsSubmitted) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    {
      Scope scope(loop);
      scope.spawn(start_and_wait(loop, ends.server));
      scope.spawn(start_and_wait(loop, ends.server));
    }
    std::array<std::byte, 16> buffer;
    EXPECT_THAT(co_await loop.recv(ends.client, buffer), Succeeded());
  });
}

// Nothing else is under way that would have a completion.
TEST_F(Uring, AQuietSendMayBeDestroyedAlone) {
  run([this]() -> Task<> {
    const auto ends = unix_connection();
    {
      QuietSend answer(loop);
      answer.start(ends.server, bytes_of("ping"));
    }
    std::array<std::byte, 16> buffer;
    EXPECT_THAT(co_await loop.recv(ends.client, buffer), Succeeded());
  });
}

Task<> echo(uring::Loop& loop, const common::Fd& fd) {
  std::array<std::byte, 64> buffer;
  QuietSend answer(loop);
  while (true) {
    const auto received = co_await loop.recv(fd, buffer);
    if (!received || *received == 0) co_return;
    answer.start(fd, std::span(buffer).first(*received));
    (void)co_await loop.poll(fd, POLLIN);  // the buffer is free when there is more
    EXPECT_EQ(co_await answer.sent(), Result<std::size_t>(*received));
  }
}

TEST_F(Uring, ManyQuietSendsGoTogether) {
  run([this]() -> Task<> {
    std::vector<tests::Ends> ends;
    Scope scope(loop);
    for (int i = 0; i < 30; ++i) ends.push_back(tcp_connection());
    for (const auto& each : ends) scope.spawn(echo(loop, each.server));
    std::array<std::byte, 64> buffer;
    for (int round = 0; round < 5; ++round) {
      for (const auto& each : ends) (void)co_await loop.send(each.client, bytes_of("hello"));
      for (const auto& each : ends) {
        EXPECT_EQ(co_await loop.recv(each.client, buffer), Result<std::size_t>(5u));
        EXPECT_EQ(text_of(std::span(buffer).first(5)), "hello");
      }
    }
    for (const auto& each : ends) (void)co_await loop.shutdown(each.client, SHUT_WR);
    co_await scope.join();
  });
}

}  // namespace
