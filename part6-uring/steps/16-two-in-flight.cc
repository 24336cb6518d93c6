// 03-echo-one with one thing added: a client that says nothing for 300 ms is closed. Each client
// now has a receive and a timeout in flight, either may be the first to complete, and whichever is
// needs the other to end. complete() remembers what is still to come. Needs Linux 5.6.
// Try it: ./16-two-in-flight 5882   and   nc 127.0.0.1 5882

#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>

namespace {

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

enum class Kind : std::uint8_t { accept, receive, timeout, end_other, send, close };

struct Connection {
  int fd;
  char bytes[65536];  // the kernel reads and writes here: it must stay where it is
  std::size_t size;
  std::size_t sent;
  int in_flight;  // of a receive, its timeout, and the request that ends one of the two
  bool receiving;
  bool timing;
  bool closing;
};

io_uring ring;
__kernel_timespec limit{.tv_sec = 0, .tv_nsec = 300'000'000};
/// By an id that is never used again, unlike a descriptor's number. Id 0 is the listener.
std::unordered_map<std::uint64_t, Connection> connections;
std::uint64_t last_id = 0;

std::uint64_t user_data(Kind kind, std::uint64_t id) {
  return id << 8 | static_cast<std::uint8_t>(kind);
}

void request(Kind kind, std::uint64_t id) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  if (sqe == nullptr) {  // the queue is full: submitting empties it
    check_result(io_uring_submit(&ring), "io_uring_submit");
    sqe = io_uring_get_sqe(&ring);
  }
  Connection& connection = connections[id];
  ++connection.in_flight;
  switch (kind) {
    case Kind::accept:
      io_uring_prep_accept(sqe, connection.fd, nullptr, nullptr, SOCK_CLOEXEC);
      break;
    case Kind::receive:
      io_uring_prep_recv(sqe, connection.fd, connection.bytes, sizeof connection.bytes, 0);
      connection.receiving = true;
      break;
    case Kind::timeout:
      io_uring_prep_timeout(sqe, &limit, 0, 0);
      connection.timing = true;
      break;
    case Kind::end_other: {  // the one of the two that is still in flight
      const auto other = connection.receiving ? Kind::receive : Kind::timeout;
      io_uring_prep_cancel64(sqe, user_data(other, id), 0);
      break;
    }
    case Kind::send:
      io_uring_prep_send(sqe, connection.fd, connection.bytes + connection.sent,
                         connection.size - connection.sent, MSG_NOSIGNAL);
      break;
    case Kind::close:
      io_uring_prep_close(sqe, connection.fd);
  }
  io_uring_sqe_set_data64(sqe, user_data(kind, id));
}

void accepted(int fd) {
  request(Kind::accept, 0);
  if (fd == -ECONNABORTED) return;  // the client left in the queue; Linux seldom says so
  connections[++last_id].fd = check_result(fd, "accept");
  request(Kind::receive, last_id);
  request(Kind::timeout, last_id);
}

void complete(Kind kind, std::uint64_t id, int result) {
  Connection& connection = connections[id];
  --connection.in_flight;
  if (kind == Kind::accept) return accepted(result);
  switch (kind) {
    // [both]
    case Kind::timeout:
      connection.timing = false;
      if (!connection.receiving) break;  // the bytes came first, and have ended the timeout
      connection.closing = true;
      request(Kind::end_other, id);
      break;
    case Kind::receive:
      connection.receiving = false;
      if (result <= 0) connection.closing = true;  // the end, an error, or the timeout ended it
      if (result > 0) connection.size = static_cast<std::size_t>(result);
      connection.sent = 0;
      if (connection.timing) request(Kind::end_other, id);
      break;
    case Kind::send:
      if (result < 0) connection.closing = true;
      if (result > 0) connection.sent += static_cast<std::size_t>(result);
      break;
    case Kind::close:
      std::printf("connection %ju closed\n", std::uintmax_t{id});
      connections.erase(id);
      return;
    case Kind::accept:
    case Kind::end_other:
      break;  // the operation that it ended reports itself
  }
  if (connection.in_flight > 0) return;  // not before the last of them
  if (connection.closing) {
    request(Kind::close, id);
  } else if (connection.sent < connection.size) {
    request(Kind::send, id);
  } else {
    request(Kind::receive, id);
    request(Kind::timeout, id);
  }
  // [/both]
}

int listen_on(int port) {
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  check_result(io_uring_queue_init(64, &ring, 0), "io_uring_queue_init");
  connections[0].fd = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  request(Kind::accept, 0);
  while (true) {
    const int result = io_uring_submit_and_wait(&ring, 1);
    if (result != -EINTR) check_result(result, "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      const std::uint64_t user_data = io_uring_cqe_get_data64(cqe);
      const int outcome = cqe->res;
      io_uring_cqe_seen(&ring, cqe);
      complete(static_cast<Kind>(user_data & 0xff), user_data >> 8, outcome);
    }
  }
}
