#include "connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
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

TEST(Connection, ReportsAReset) {
  auto [server, client] = tests::tcp_connection();
  Connection connection(server, 30s);
  std::array<std::byte, 100> buffer;
  tests::reset(client);
  const auto received = connection.receive(buffer);
  ASSERT_FALSE(received.has_value());
  EXPECT_EQ(received.error(), std::errc::connection_reset);
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
