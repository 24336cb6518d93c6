#include "common/blocking_peer.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include "bytes.h"
#include "sockets.h"

namespace {

using common::BlockingPeer;
using common::Clock;
using common::Error;
using common::Fd;
using std::chrono::milliseconds;
using tests::bytes;
using namespace std::chrono_literals;

constexpr milliseconds no_timeout(0);
constexpr auto far_too_long = 20s;  // Nothing here takes that long unless it hangs.

/// Sends as long as the test lasts, as fast as the peer takes it.
class Firehose {
 public:
  explicit Firehose(const Fd& socket)
      : thread_([&socket](const std::stop_token& stop) {
          const std::string some(10'000, 'x');
          while (!stop.stop_requested()) {
            if (::send(socket.get(), some.data(), some.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
              std::this_thread::yield();
            }
          }
        }) {}

 private:
  std::jthread thread_;
};

TEST(BlockingPeer, ReceivesWhatHasComeAndThenTheEnd) {
  auto [server, client] = tests::unix_connection();
  BlockingPeer peer(server, 30s);
  std::array<std::byte, 100> lent;
  ASSERT_EQ(::send(client.get(), "hello", 5, 0), 5);
  EXPECT_EQ(peer.receive(lent), 5U);
  EXPECT_EQ(tests::text(common::ByteView(lent).first(5)), "hello");
  client = Fd();
  EXPECT_EQ(peer.receive(lent), 0U);
}

TEST(BlockingPeer, ReceivesNoMoreThanFits) {
  auto [server, client] = tests::unix_connection();
  BlockingPeer peer(server, 30s);
  std::array<std::byte, 3> lent;
  ASSERT_EQ(::send(client.get(), "hello", 5, 0), 5);
  EXPECT_EQ(peer.receive(lent), 3U);
  EXPECT_EQ(peer.receive(lent), 2U);
}

TEST(BlockingPeer, TellsOfAReset) {
  auto [server, client] = tests::tcp_connection();
  BlockingPeer peer(server, 30s);
  std::array<std::byte, 100> lent;
  tests::reset(client);
  const auto received = peer.receive(lent);
  ASSERT_FALSE(received.has_value());
  EXPECT_EQ(received.error(), std::errc::connection_reset);
}

TEST(BlockingPeer, TimesOutWhenNothingComes) {
  constexpr milliseconds timeout = 100ms;
  auto [server, client] = tests::unix_connection();
  const auto begin = Clock::now();
  BlockingPeer peer(server, timeout);
  std::array<std::byte, 100> lent;
  EXPECT_EQ(peer.receive(lent).error(), Error::timed_out);
  EXPECT_GE(Clock::now() - begin, timeout);
}

TEST(BlockingPeer, TimesOutWhenBytesComeButNoMessage) {
  constexpr milliseconds timeout = 150ms;
  auto [server, client] = tests::unix_connection();
  const auto begin = Clock::now();
  BlockingPeer peer(server, timeout);
  const std::jthread dribbler([&to = client](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      (void)::send(to.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
      std::this_thread::sleep_for(10ms);
    }
  });
  std::array<std::byte, 100> lent;
  auto received = peer.receive(lent);
  while (received && Clock::now() - begin < far_too_long) received = peer.receive(lent);
  ASSERT_FALSE(received.has_value()) << "each byte bought it more time";
  EXPECT_EQ(received.error(), Error::timed_out);
  EXPECT_GE(Clock::now() - begin, timeout);
}

// No call ever has to wait here, so SO_RCVTIMEO never strikes.
TEST(BlockingPeer, TimesOutThoughTheNextByteIsAlwaysThere) {
  constexpr milliseconds timeout = 100ms;
  auto [server, client] = tests::unix_connection();
  const auto begin = Clock::now();
  BlockingPeer peer(server, timeout);
  std::array<std::byte, 100> lent;
  common::Result<std::size_t> received;
  while (received && Clock::now() - begin < 5s) {
    ASSERT_EQ(::send(client.get(), "x", 1, 0), 1);
    received = peer.receive(lent);
  }
  ASSERT_FALSE(received.has_value()) << "nobody looked at the clock";
  EXPECT_EQ(received.error(), Error::timed_out);
  EXPECT_GE(Clock::now() - begin, timeout);
}

TEST(BlockingPeer, GivesTheWholeTimeAgainForTheNextMessage) {
  constexpr milliseconds timeout = 100ms;
  auto [server, client] = tests::unix_connection();
  BlockingPeer peer(server, timeout);
  std::array<std::byte, 100> lent;
  auto completed = Clock::now();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(::send(client.get(), "x", 1, 0), 1);
    ASSERT_EQ(peer.receive(lent), 1U);
    std::this_thread::sleep_for(timeout / 2);
    completed = Clock::now();
    peer.message_completed();
  }
  EXPECT_EQ(peer.receive(lent).error(), Error::timed_out);
  EXPECT_GE(Clock::now() - completed, timeout);
}

TEST(BlockingPeer, WaitsForEverWithoutATimeout) {
  auto [server, client] = tests::unix_connection();
  BlockingPeer peer(server, no_timeout);
  std::array<std::byte, 100> lent;
  const std::jthread late([&to = client] {
    std::this_thread::sleep_for(100ms);
    (void)::send(to.get(), "late", 4, 0);
  });
  EXPECT_EQ(peer.receive(lent), 4U);
}

// A call with a time-out is not restarted, whatever SA_RESTART says. signal(7)
TEST(BlockingPeer, GoesOnAfterASignal) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  auto [server, client] = tests::unix_connection();
  BlockingPeer peer(server, 30s);
  std::array<std::byte, 100> lent;
  const std::jthread interrupter([&to = client, serving = ::pthread_self()] {
    for (int i = 0; i < 20; ++i) {
      ::pthread_kill(serving, SIGUSR1);
      std::this_thread::sleep_for(2ms);
    }
    (void)::send(to.get(), "x", 1, 0);
  });
  EXPECT_EQ(peer.receive(lent), 1U);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(BlockingPeer, SendsAllThoughTheKernelTakesLess) {
  const std::string answers(3'000'000, 'x');
  auto [server, client] = tests::tcp_connection(4096);
  BlockingPeer peer(server, 30s);
  tests::Received received;
  std::jthread reader([&, &from = client] { received = tests::receive_all(from); });
  const auto sent = peer.send_all(bytes(answers));
  EXPECT_TRUE(sent.has_value());
  server = Fd();
  reader.join();
  EXPECT_EQ(received.error, 0);
  EXPECT_TRUE(received.bytes == answers) << received.bytes.size() << " bytes arrived";
}

TEST(BlockingPeer, TimesOutWhenThePeerTakesNoAnswers) {
  constexpr milliseconds timeout = 300ms;
  const std::string answers(20'000'000, 'x');
  for (auto& [server, client] : {tests::unix_connection(), tests::tcp_connection()}) {
    const auto begin = Clock::now();
    BlockingPeer peer(server, timeout);
    const auto sent = peer.send_all(bytes(answers));
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error(), Error::timed_out);
    EXPECT_GE(Clock::now() - begin, timeout);
  }
}

// With a small window the kernel tells that there is room only every few seconds: what counts is
// that the peer acknowledges. It takes bytes ten times as often as it must.
TEST(BlockingPeer, IsPatientWithAPeerThatTakesALittleNowAndThen) {
  constexpr milliseconds timeout = 2s;
  const std::string answers(500'000, 'x');
  auto [server, client] = tests::tcp_connection(4096);
  constexpr int send_buffer_bytes = 16'384;
  ::setsockopt(server.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(int));
  BlockingPeer peer(server, timeout);
  tests::Received received;
  std::jthread reader([&, &from = client] {
    char buffer[1024];
    for (const auto until = Clock::now() + 2 * timeout; Clock::now() < until;) {
      const ssize_t n = ::recv(from.get(), buffer, sizeof buffer, 0);
      if (n <= 0) return;
      received.bytes.append(buffer, static_cast<std::size_t>(n));
      std::this_thread::sleep_for(timeout / 10);
    }
    received.bytes += tests::receive_all(from).bytes;
  });
  const auto begin = Clock::now();
  const auto sent = peer.send_all(bytes(answers));
  EXPECT_TRUE(sent.has_value()) << sent.error().message();
  EXPECT_GE(Clock::now() - begin, timeout) << "or this shows nothing";
  server = Fd();
  reader.join();
  EXPECT_TRUE(received.bytes == answers) << received.bytes.size() << " bytes arrived";
}

TEST(BlockingPeer, SendingToAPeerThatHasGoneIsAnErrorAndNoSignal) {
  auto [server, client] = tests::unix_connection();
  BlockingPeer peer(server, 30s);
  client = Fd();
  const auto sent = peer.send_all(bytes("answer"));
  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error(), std::errc::broken_pipe);
}

// Closing with these bytes unread would send a reset: the client sees ECONNRESET, not the end.
TEST(CloseGracefully, LetsAnAnswerArriveThoughInputIsUnread) {
  auto [server, client] = tests::tcp_connection();
  const std::string unread(100'000, 'x');
  ASSERT_EQ(::send(client.get(), unread.data(), unread.size(), 0), ssize_t{100'000});
  tests::Received received;
  std::jthread reader([&, &from = client] {
    received = tests::receive_all(from);
    from = Fd();
  });
  BlockingPeer peer(server, 30s);
  EXPECT_TRUE(peer.send_all(bytes("answer")).has_value());
  peer.close_gracefully(false);
  server = Fd();
  reader.join();
  EXPECT_EQ(received.bytes, "answer");
  EXPECT_EQ(received.error, 0) << "reset";
}

TEST(CloseGracefully, WaitsForAPeerThatStaysButNotForEver) {
  auto [server, client] = tests::tcp_connection();
  BlockingPeer peer(server, 30s);
  const auto begin = Clock::now();
  peer.close_gracefully(false);
  EXPECT_GE(Clock::now() - begin, common::linger_timeout);
  EXPECT_LT(Clock::now() - begin, far_too_long);
  EXPECT_EQ(tests::receive_all(client).error, 0) << "our end of stream has arrived";
}

TEST(CloseGracefully, EndsWithAPeerThatNeverStopsSending) {
  auto [server, client] = tests::tcp_connection();
  BlockingPeer peer(server, 30s);
  const Firehose firehose(client);
  const auto begin = Clock::now();
  peer.close_gracefully(false);
  EXPECT_LT(Clock::now() - begin, far_too_long);
}

TEST(CloseGracefully, ReturnsAtOnceWhenThePeerHasReset) {
  auto [server, client] = tests::tcp_connection();
  tests::reset(client);
  BlockingPeer peer(server, 30s);
  const auto begin = Clock::now();
  peer.close_gracefully(false);
  EXPECT_LT(Clock::now() - begin, common::linger_timeout);
}

TEST(CloseGracefully, WaitsOnlyForAcknowledgementsWhenStopping) {
  auto [server, client] = tests::tcp_connection();
  BlockingPeer peer(server, 30s);
  ASSERT_TRUE(peer.send_all(bytes("answer")).has_value());
  ::shutdown(server.get(), SHUT_RD);  // as the server's stop() does
  const auto begin = Clock::now();
  peer.close_gracefully(true);
  EXPECT_LT(Clock::now() - begin, common::linger_timeout) << "for a peer that just stays";
  server = Fd();
  EXPECT_EQ(tests::receive_all(client).bytes, "answer");
}

TEST(CloseGracefully, DoesNotWaitForAPeerThatKeepsSendingWhenStopping) {
  auto [server, client] = tests::tcp_connection();
  BlockingPeer peer(server, 30s);
  const Firehose firehose(client);
  ::shutdown(server.get(), SHUT_RD);
  const auto begin = Clock::now();
  peer.close_gracefully(true);
  EXPECT_LT(Clock::now() - begin, common::linger_timeout);
}

TEST(CloseGracefully, WaitsForAnswersThatAreNotAcknowledgedWhenStopping) {
  auto [server, client] = tests::tcp_connection(4096);
  BlockingPeer peer(server, 30s);
  const std::string answers(100'000, 'x');
  ASSERT_TRUE(peer.send_all(bytes(answers)).has_value());
  ASSERT_GT(common::unacknowledged_bytes(server), 0U);
  ::shutdown(server.get(), SHUT_RD);
  tests::Received received;
  std::jthread reader([&, &from = client] { received = tests::receive_all(from); });
  peer.close_gracefully(true);
  EXPECT_LE(common::unacknowledged_bytes(server), 1U) << "more than the end of the stream";
  server = Fd();
  reader.join();
  EXPECT_EQ(received.bytes.size(), answers.size());
}

TEST(UnacknowledgedBytes, AreNoneWhereThereIsNoConnection) {
  EXPECT_EQ(common::unacknowledged_bytes(Fd()), 0U);
}

}  // namespace
