#include "connection.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include "bytes.h"
#include "sockets.h"

namespace {

using common::Clock;
using common::Error;
using common::Fd;
using stage::Connection;
using std::chrono::milliseconds;
using tests::bytes;
using namespace std::chrono_literals;

constexpr milliseconds no_timeout(0);
constexpr auto far_too_long = 20s;  // Nothing here takes that long unless it hangs.

TEST(Connection, ReceivesWhatHasComeAndThenTheEnd) {
  auto [server, client] = tests::unix_connection();
  Connection connection(server, 30s);
  std::array<std::byte, 100> buffer;
  ASSERT_EQ(::send(client.get(), "hello", 5, 0), 5);
  EXPECT_EQ(connection.receive(buffer).value().size(), 5U);
  EXPECT_EQ(tests::text(common::ByteView(buffer).first(5)), "hello");
  client = Fd();
  EXPECT_EQ(connection.receive(buffer).value().size(), 0U);
}

TEST(Connection, ReceivesNoMoreThanFits) {
  auto [server, client] = tests::unix_connection();
  Connection connection(server, 30s);
  std::array<std::byte, 3> buffer;
  ASSERT_EQ(::send(client.get(), "hello", 5, 0), 5);
  EXPECT_EQ(connection.receive(buffer).value().size(), 3U);
  EXPECT_EQ(connection.receive(buffer).value().size(), 2U);
}

TEST(Connection, ReportsAReset) {
  auto [server, client] = tests::tcp_connection();
  Connection connection(server, 30s);
  std::array<std::byte, 100> buffer;
  tests::reset(client);
  const auto received = connection.receive(buffer);
  ASSERT_FALSE(received.has_value());
  EXPECT_EQ(received.error(), std::errc::connection_reset);
}

TEST(Connection, TimesOutWhenNothingComes) {
  constexpr milliseconds timeout = 100ms;
  auto [server, client] = tests::unix_connection();
  const auto begin = Clock::now();
  Connection connection(server, timeout);
  std::array<std::byte, 100> buffer;
  EXPECT_EQ(connection.receive(buffer).error(), Error::timed_out);
  EXPECT_GE(Clock::now() - begin, timeout);
}

TEST(Connection, TimesOutWhenBytesComeButNoMessage) {
  constexpr milliseconds timeout = 150ms;
  auto [server, client] = tests::unix_connection();
  const auto begin = Clock::now();
  Connection connection(server, timeout);
  const std::jthread dribbler([&to = client](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      (void)::send(to.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
      std::this_thread::sleep_for(10ms);
    }
  });
  std::array<std::byte, 100> buffer;
  auto received = connection.receive(buffer);
  while (received && Clock::now() - begin < far_too_long) received = connection.receive(buffer);
  ASSERT_FALSE(received.has_value()) << "each byte bought it more time";
  EXPECT_EQ(received.error(), Error::timed_out);
  EXPECT_GE(Clock::now() - begin, timeout);
}

// No call ever has to wait here, so SO_RCVTIMEO never strikes.
TEST(Connection, TimesOutThoughTheNextByteIsAlwaysThere) {
  constexpr milliseconds timeout = 100ms;
  auto [server, client] = tests::unix_connection();
  const auto begin = Clock::now();
  Connection connection(server, timeout);
  std::array<std::byte, 100> buffer;
  common::Result<common::ByteView> received;
  while (received && Clock::now() - begin < 5s) {
    ASSERT_EQ(::send(client.get(), "x", 1, 0), 1);
    received = connection.receive(buffer);
  }
  ASSERT_FALSE(received.has_value()) << "the clock was not read";
  EXPECT_EQ(received.error(), Error::timed_out);
  EXPECT_GE(Clock::now() - begin, timeout);
}

TEST(Connection, GivesTheWholeTimeAgainForTheNextMessage) {
  constexpr milliseconds timeout = 100ms;
  auto [server, client] = tests::unix_connection();
  Connection connection(server, timeout);
  std::array<std::byte, 100> buffer;
  auto completed = Clock::now();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(::send(client.get(), "x", 1, 0), 1);
    ASSERT_EQ(connection.receive(buffer).value().size(), 1U);
    std::this_thread::sleep_for(timeout / 2);
    completed = Clock::now();
    connection.restart_timeout();
  }
  EXPECT_EQ(connection.receive(buffer).error(), Error::timed_out);
  EXPECT_GE(Clock::now() - completed, timeout);
}

TEST(Connection, WaitsForEverWithoutATimeout) {
  auto [server, client] = tests::unix_connection();
  Connection connection(server, no_timeout);
  std::array<std::byte, 100> buffer;
  const std::jthread late([&to = client] {
    std::this_thread::sleep_for(100ms);
    (void)::send(to.get(), "late", 4, 0);
  });
  EXPECT_EQ(connection.receive(buffer).value().size(), 4U);
}

// A call with a timeout is not restarted, whatever SA_RESTART says. signal(7)
TEST(Connection, GoesOnAfterASignal) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  auto [server, client] = tests::unix_connection();
  Connection connection(server, 30s);
  std::array<std::byte, 100> buffer;
  const std::jthread interrupter([&to = client, serving = ::pthread_self()] {
    for (int i = 0; i < 20; ++i) {
      ::pthread_kill(serving, SIGUSR1);
      std::this_thread::sleep_for(2ms);
    }
    (void)::send(to.get(), "x", 1, 0);
  });
  EXPECT_EQ(connection.receive(buffer).value().size(), 1U);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(Connection, SendsAllThoughTheKernelTakesLess) {
  const std::string answers(3'000'000, 'x');
  auto [server, client] = tests::tcp_connection(4096);
  Connection connection(server, 30s);
  tests::Received received;
  std::jthread reader([&, &from = client] { received = tests::receive_all(from); });
  const auto sent = connection.send_all(bytes(answers));
  EXPECT_TRUE(sent.has_value());
  server = Fd();
  reader.join();
  EXPECT_EQ(received.error, 0);
  EXPECT_TRUE(received.bytes == answers) << received.bytes.size() << " bytes arrived";
}

TEST(Connection, TimesOutWhenThePeerTakesNoAnswers) {
  constexpr milliseconds timeout = 300ms;
  const std::string answers(20'000'000, 'x');
  for (auto& [server, client] : {tests::unix_connection(), tests::tcp_connection()}) {
    const auto begin = Clock::now();
    Connection connection(server, timeout);
    const auto sent = connection.send_all(bytes(answers));
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error(), Error::timed_out);
    EXPECT_GE(Clock::now() - begin, timeout);
  }
}

// The timeout begins again whenever the peer takes something: this one does so ten times as often
// as it must, and needs longer than the timeout for all of it.
TEST(Connection, IsPatientWithAPeerThatTakesALittleNowAndThen) {
  constexpr milliseconds timeout = 2s;
  const std::string answers(500'000, 'x');
  auto [server, client] = tests::tcp_connection(4096);
  constexpr int send_buffer_bytes = 16'384;
  ::setsockopt(server.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(int));
  Connection connection(server, timeout);
  tests::Received received;
  std::jthread reader([&, &from = client] {
    char some[1024];
    for (const auto until = Clock::now() + 2 * timeout; Clock::now() < until;) {
      const ssize_t n = ::recv(from.get(), some, sizeof some, 0);
      if (n <= 0) return;
      received.bytes.append(some, static_cast<std::size_t>(n));
      std::this_thread::sleep_for(timeout / 10);
    }
    received.bytes += tests::receive_all(from).bytes;
  });
  const auto begin = Clock::now();
  const auto sent = connection.send_all(bytes(answers));
  EXPECT_TRUE(sent.has_value()) << sent.error().message();
  EXPECT_GE(Clock::now() - begin, timeout) << "or this shows nothing";
  server = Fd();
  reader.join();
  EXPECT_TRUE(received.bytes == answers) << received.bytes.size() << " bytes arrived";
}

TEST(Connection, GetsAnErrorAndNoSignalWhenThePeerHasClosed) {
  auto [server, client] = tests::unix_connection();
  Connection connection(server, 30s);
  client = Fd();
  const auto sent = connection.send_all(bytes("answer"));
  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error(), std::errc::broken_pipe);
}

}  // namespace
