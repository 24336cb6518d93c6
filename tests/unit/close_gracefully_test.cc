#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <thread>

#include "bytes.h"
#include "common/net/unacknowledged.h"
#include "common/server/constants.h"
#include "connection.h"
#include "sockets.h"

namespace {

using common::Clock;
using common::Fd;
using stage::Connection;
using tests::bytes;
using namespace std::chrono_literals;

constexpr auto no_end_in_sight = 20s;  // Nothing here takes that long unless it hangs.

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
  Connection connection(server, 30s);
  EXPECT_TRUE(connection.send_all(bytes("answer")).has_value());
  connection.close_gracefully(false);
  server = Fd();
  reader.join();
  EXPECT_EQ(received.bytes, "answer");
  EXPECT_EQ(received.error, 0) << "reset";
}

TEST(CloseGracefully, WaitsForAPeerThatStaysButNotForEver) {
  auto [server, client] = tests::tcp_connection();
  Connection connection(server, 30s);
  const auto begin = Clock::now();
  connection.close_gracefully(false);
  EXPECT_GE(Clock::now() - begin, common::linger_timeout);
  EXPECT_LT(Clock::now() - begin, no_end_in_sight);
  EXPECT_EQ(tests::receive_all(client).error, 0) << "our end of stream has arrived";
}

TEST(CloseGracefully, EndsWithAPeerThatNeverStopsSending) {
  auto [server, client] = tests::tcp_connection();
  Connection connection(server, 30s);
  const Firehose firehose(client);
  const auto begin = Clock::now();
  connection.close_gracefully(false);
  EXPECT_LT(Clock::now() - begin, no_end_in_sight);
}

TEST(CloseGracefully, ReturnsImmediatelyWhenThePeerHasReset) {
  auto [server, client] = tests::tcp_connection();
  tests::reset(client);
  Connection connection(server, 30s);
  const auto begin = Clock::now();
  connection.close_gracefully(false);
  EXPECT_LT(Clock::now() - begin, common::linger_timeout);
}

TEST(CloseGracefully, WaitsOnlyForAcknowledgementsWhenStopping) {
  auto [server, client] = tests::tcp_connection();
  Connection connection(server, 30s);
  ASSERT_TRUE(connection.send_all(bytes("answer")).has_value());
  ::shutdown(server.get(), SHUT_RD);  // as the server's stop() does
  const auto begin = Clock::now();
  connection.close_gracefully(true);
  EXPECT_LT(Clock::now() - begin, common::linger_timeout) << "for a peer that just stays";
  server = Fd();
  EXPECT_EQ(tests::receive_all(client).bytes, "answer");
}

TEST(CloseGracefully, DoesNotWaitForAPeerThatKeepsSendingWhenStopping) {
  auto [server, client] = tests::tcp_connection();
  Connection connection(server, 30s);
  const Firehose firehose(client);
  ::shutdown(server.get(), SHUT_RD);
  const auto begin = Clock::now();
  connection.close_gracefully(true);
  EXPECT_LT(Clock::now() - begin, common::linger_timeout);
}

TEST(CloseGracefully, WaitsForAnswersThatAreNotAcknowledgedWhenStopping) {
  auto [server, client] = tests::tcp_connection(4096);
  Connection connection(server, 30s);
  const std::string answers(100'000, 'x');
  ASSERT_TRUE(connection.send_all(bytes(answers)).has_value());
  ASSERT_GT(common::unacknowledged_bytes(server), 0U);
  ::shutdown(server.get(), SHUT_RD);
  tests::Received received;
  std::jthread reader([&, &from = client] { received = tests::receive_all(from); });
  connection.close_gracefully(true);
  EXPECT_LE(common::unacknowledged_bytes(server), 1U) << "more than the end of the stream";
  server = Fd();
  reader.join();
  EXPECT_EQ(received.bytes.size(), answers.size());
}

// Once both directions are shut down, the kernel answers more input with a reset, which takes the
// answers with it.
TEST(CloseGracefully, LosesNoAnswerToAPeerThatStillSendsWhenStopping) {
  auto [server, client] = tests::tcp_connection(4096);
  Connection connection(server, 30s);
  const std::string answers(100'000, 'x');
  ASSERT_TRUE(connection.send_all(bytes(answers)).has_value());
  ::shutdown(server.get(), SHUT_RD);
  std::size_t received_bytes = 0;
  std::jthread reader([&, &from = client] {
    char buffer[1000];
    while (true) {
      const ssize_t n = ::recv(from.get(), buffer, sizeof buffer, 0);
      if (n <= 0) return;
      received_bytes += static_cast<std::size_t>(n);
      (void)::send(from.get(), "more", 4, MSG_NOSIGNAL);
    }
  });
  connection.close_gracefully(true);
  server = Fd();
  reader.join();
  EXPECT_EQ(received_bytes, answers.size());
}

TEST(UnacknowledgedBytes, AreNoneWhereThereIsNoConnection) {
  EXPECT_EQ(common::unacknowledged_bytes(Fd()), 0U);
}

}  // namespace
