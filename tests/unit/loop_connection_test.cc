// How much a slow reader has taken when its time is over. In real life its kernel decides how fast
// it takes bytes, and here the test does. tests/protocol has the other tests.
#include "connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "bytes.h"
#include "common/net/has_input.h"
#include "common/net/unacknowledged.h"
#include "common/session.h"
#include "slices.h"
#include "sockets.h"

namespace {

using common::unacknowledged_bytes;
using stage::Connection;

void set_size(const common::Fd& socket, int which, int bytes) {
  ASSERT_EQ(::setsockopt(socket.get(), SOL_SOCKET, which, &bytes, sizeof bytes), 0);
}

// The kernel's room grows, so after the second send more is unacknowledged than after the first. If
// we compared with the first number, a client that takes bytes would seem to take none.
TEST(Connection, MeasuresASlowReaderAgainAfterEachSendOfHeldBytes) {
  auto [server, client] = tests::tcp_connection();
  set_size(server, SO_SNDBUF, 32 << 10);
  set_size(client, SO_RCVBUF, 32 << 10);
  ASSERT_EQ(::fcntl(server.get(), F_SETFL, O_NONBLOCK), 0);
  const common::Options options;
  const std::string message = tests::frame(std::string(2 << 20, 'x'));
  Connection connection({std::move(server), {}},
                        std::make_unique<common::EchoSession>(message.size()), options);
  const auto scratch = std::make_unique<stage::Scratch>();
  for (const auto piece : tests::in_pieces_of(32 << 10, message)) {
    ASSERT_EQ(::send(client.get(), piece.data(), piece.size(), 0), std::ssize(piece));
    while (common::has_input(connection.fd())) (void)connection.advance({.input = true}, *scratch);
  }
  const auto at_first = unacknowledged_bytes(connection.fd());
  set_size(connection.fd(), SO_SNDBUF, 200 << 10);
  (void)connection.advance({.output = true}, *scratch);
  const auto later = unacknowledged_bytes(connection.fd());

  std::array<char, 4096> taken;
  while (unacknowledged_bytes(connection.fd()) >= later) {
    ASSERT_GT(::recv(client.get(), taken.data(), taken.size(), 0), 0);
  }
  ASSERT_GT(unacknowledged_bytes(connection.fd()), at_first) << "this test tested nothing";
  (void)connection.expire(*scratch);
  EXPECT_FALSE(connection.lingering()) << "it has taken bytes";
  (void)connection.expire(*scratch);
  EXPECT_TRUE(connection.lingering()) << "it has taken none since";
}

}  // namespace
