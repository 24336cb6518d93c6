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

TEST(UnacknowledgedBytes, AreNoneWhereThereIsNoConnection) {
  EXPECT_EQ(common::unacknowledged_bytes(Fd()), 0U);
}

}  // namespace
