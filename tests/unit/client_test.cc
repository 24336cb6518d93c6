// How much a slow reader has taken when its time is over. In real life its kernel decides how fast
// it takes bytes, and here the test does. tests/protocol has the other tests.
#include "client.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <iterator>
#include <string>
#include <utility>

#include "bytes.h"
#include "common/net/has_input.h"
#include "common/net/unacknowledged.h"
#include "slices.h"
#include "sockets.h"

namespace {

using common::unacknowledged_bytes;

void set_size(const common::Fd& socket, int which, int bytes) {
  ASSERT_EQ(::setsockopt(socket.get(), SOL_SOCKET, which, &bytes, sizeof bytes), 0);
}

// The kernel's room grows, so after the second send more is unacknowledged than after the first. If
// we compared with the first number, a client that takes bytes would seem to take none.
TEST(Client, IsMeasuredAgainAfterEachSendOfHeldBytes) {
  auto [server, peer] = tests::tcp_connection();
  set_size(server, SO_SNDBUF, 32 << 10);
  set_size(peer, SO_RCVBUF, 32 << 10);
  ASSERT_EQ(::fcntl(server.get(), F_SETFL, O_NONBLOCK), 0);
  options.max_message = 2 << 20;
  const std::string message = tests::frame(std::string(options.max_message, 'x'));
  Client client{.fd = std::move(server), .peer = {}};
  for (const auto piece : tests::in_pieces_of(32 << 10, message)) {
    ASSERT_EQ(::send(peer.get(), piece.data(), piece.size(), 0), std::ssize(piece));
    while (common::has_input(client.fd)) ASSERT_TRUE(advance(client));
  }
  const auto at_first = unacknowledged_bytes(client.fd);
  set_size(client.fd, SO_SNDBUF, 200 << 10);
  ASSERT_TRUE(advance(client));
  const auto later = unacknowledged_bytes(client.fd);

  std::array<char, 4096> taken;
  while (unacknowledged_bytes(client.fd) >= later) {
    ASSERT_GT(::recv(peer.get(), taken.data(), taken.size(), 0), 0);
  }
  ASSERT_GT(unacknowledged_bytes(client.fd), at_first) << "this test tested nothing";
  EXPECT_TRUE(expire(client));
  EXPECT_EQ(client.state, State::conversing) << "it has taken bytes";
  EXPECT_TRUE(expire(client));
  EXPECT_EQ(client.state, State::lingering) << "it has taken none since";
}

}  // namespace
