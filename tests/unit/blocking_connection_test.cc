// A peer that sends so fast that no call ever waits. SO_RCVTIMEO never strikes then, so only the
// clock can end the connection. tests/protocol has tests for all other peers.
#include "connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <thread>

#include "common/server/constants.h"
#include "sockets.h"

namespace {

using common::Clock;
using common::Fd;
using stage::Connection;
using namespace std::chrono_literals;

TEST(Connection, TimesOutThoughTheNextByteIsAlwaysThere) {
  constexpr std::chrono::milliseconds timeout = 100ms;
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
  EXPECT_EQ(received.error(), common::Error::timed_out);
  EXPECT_GE(Clock::now() - begin, timeout);
}

/// Sends until the test ends, as fast as the peer receives.
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

TEST(CloseGracefully, EndsWithAPeerThatNeverStopsSending) {
  auto [server, client] = tests::tcp_connection();
  Connection connection(server, 30s);
  const Firehose firehose(client);
  const auto begin = Clock::now();
  connection.close_gracefully(false);
  EXPECT_LT(Clock::now() - begin, 20s) << "nothing here takes that long unless it hangs";
}

TEST(CloseGracefully, DoesNotWaitForAPeerThatKeepsSendingWhenStopping) {
  auto [server, client] = tests::tcp_connection();
  Connection connection(server, 30s);
  const Firehose firehose(client);
  ::shutdown(server.get(), SHUT_RD);  // the server's stop() does this
  const auto begin = Clock::now();
  connection.close_gracefully(true);
  EXPECT_LT(Clock::now() - begin, common::linger_timeout);
}

}  // namespace
