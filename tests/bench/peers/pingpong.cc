// Blocks in recv, sends back what came, and blocks again: one connection, then the next. No server
// that uses TCP over loopback does less for a message, so this is the floor at one connection.

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "common/net/listen.h"
#include "peers/peer.h"

namespace {

void echo_until_it_leaves(const common::Fd& peer) {
  static std::array<char, peer::buffer_bytes> buffer;
  while (true) {
    const ssize_t received = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return;
    const auto size = static_cast<std::size_t>(received);
    if (::send(peer.get(), buffer.data(), size, MSG_NOSIGNAL) != received) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto listener = peer::listen_as_told(argc, argv, "peer-pingpong", "Echoes, one at a time.",
                                             common::SocketMode::blocking);
  peer::announce(listener);
  while (true) {
    echo_until_it_leaves(peer::accept_one(listener, common::SocketMode::blocking));
  }
}
