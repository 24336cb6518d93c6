// A plain epoll loop that echoes bytes without messages, limits and timeouts, as the measure of any
// comfort. It is level-triggered, with only one recv and one send for each event.

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "common/net/listen.h"
#include "peers/peer.h"

namespace {

struct Connection {
  common::Fd fd;
  std::string unsent;  // we don't read while there is some
};

void watch(int epoll, int operation, Connection& connection, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &connection}};
  if (::epoll_ctl(epoll, operation, connection.fd.get(), &event) < 0) {
    peer::give_up("epoll_ctl", errno);
  }
}

void accept_all(int epoll, const common::Fd& listener) {
  while (true) {
    common::Fd client = peer::accept_one(listener);
    if (!client) return;
    auto connection = std::make_unique<Connection>(std::move(client));
    watch(epoll, EPOLL_CTL_ADD, *connection.release(), EPOLLIN);  // echo() gives it back
  }
}

/// Sends as much as fits; false if the peer is gone.
bool send_some(Connection& connection, const char*& bytes, std::size_t& size) {
  const ssize_t sent = ::send(connection.fd.get(), bytes, size, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN;
  bytes += sent;
  size -= static_cast<std::size_t>(sent);
  return true;
}

/// Handles an event. False if the connection is over.
bool echo(int epoll, Connection& connection) {
  static std::array<char, peer::buffer_bytes> buffer;
  const char* bytes = connection.unsent.data();
  std::size_t size = connection.unsent.size();
  const bool waited = size > 0;
  if (!waited) {
    const ssize_t received = ::recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
    if (received <= 0) return received < 0 && errno == EAGAIN;
    bytes = buffer.data();
    size = static_cast<std::size_t>(received);
  }
  if (!send_some(connection, bytes, size)) return false;
  if (!waited && size == 0) return true;  // usually there's nothing to remember

  connection.unsent = std::string(bytes, size);
  if (waited != (size > 0)) watch(epoll, EPOLL_CTL_MOD, connection, waited ? EPOLLIN : EPOLLOUT);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Connection door{.fd = peer::listen_as_told(argc, argv, "peer-epoll", "Echoes bytes with epoll."),
                  .unsent = {}};
  const common::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  watch(epoll.get(), EPOLL_CTL_ADD, door, EPOLLIN);
  peer::announce(door.fd);
  while (true) {
    std::array<epoll_event, 1024> events;
    const int ready = ::epoll_wait(epoll.get(), events.data(), events.size(), -1);
    if (ready < 0 && errno != EINTR) peer::give_up("epoll_wait", errno);
    for (int i = 0; i < ready; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection == &door) {
        accept_all(epoll.get(), door.fd);
      } else if (!echo(epoll.get(), *connection)) {
        delete connection;
      }
    }
  }
}
