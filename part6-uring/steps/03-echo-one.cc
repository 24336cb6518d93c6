// An echo server by hand. It does not ask whether a socket is ready: it requests each operation,
// and decides what comes next when that completes. user_data names the operation that has completed
// and the connection that it belongs to; complete() is the state machine. Needs Linux 5.6.
// Try it: ./03-echo-one 5882   and, from several terminals,   nc 127.0.0.1 5882

#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

int listen_on(int port) {
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const int on = 1;
  const int smallest = 1;  // the kernel rounds it up; with a small buffer short sends are common
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &smallest, sizeof smallest), "setsockopt");
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  return listener;
}

enum class Operation : std::uint8_t { accept, receive, send, close };

struct Connection {
  int fd;
  char bytes[65536];  // the kernel reads and writes here: it must stay where it is
  std::size_t size;
  std::size_t sent;
  unsigned short_sends;
};

io_uring ring;
/// By an id that is never used again, unlike a descriptor's number. Id 0 is the listener.
std::unordered_map<std::uint64_t, Connection> connections;
std::uint64_t last_id = 0;

void request(Operation operation, std::uint64_t id) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  if (sqe == nullptr) {  // the queue is full: submitting empties it
    check_result(io_uring_submit(&ring), "io_uring_submit");
    sqe = io_uring_get_sqe(&ring);
  }
  Connection& connection = connections.at(id);
  switch (operation) {
    case Operation::accept:
      io_uring_prep_accept(sqe, connection.fd, nullptr, nullptr, SOCK_CLOEXEC);
      break;
    case Operation::receive:
      io_uring_prep_recv(sqe, connection.fd, connection.bytes, sizeof connection.bytes, 0);
      break;
    case Operation::send:
      io_uring_prep_send(sqe, connection.fd, connection.bytes + connection.sent,
                         connection.size - connection.sent, MSG_NOSIGNAL);
      break;
    case Operation::close:
      io_uring_prep_close(sqe, connection.fd);
  }
  io_uring_sqe_set_data64(sqe, id << 8 | static_cast<std::uint8_t>(operation));
}

void complete(Operation operation, std::uint64_t id, int result) {
  Connection& connection = connections.at(id);
  if (operation == Operation::accept) {
    request(Operation::accept, id);
    connections[++last_id].fd = check_result(result, "accept");  // this step ends at EMFILE
    request(Operation::receive, last_id);
  } else if (operation == Operation::close) {
    std::printf("connection %ju closed, %u short sends\n", std::uintmax_t{id},
                connection.short_sends);
    connections.erase(id);
  } else if (result < 0 || (operation == Operation::receive && result == 0)) {
    request(Operation::close, id);  // an error, or the end of the stream
  } else if (operation == Operation::receive) {
    connection.size = static_cast<std::size_t>(result);
    connection.sent = 0;
    request(Operation::send, id);
  } else {
    connection.sent += static_cast<std::size_t>(result);
    const bool all_sent = connection.sent == connection.size;
    if (!all_sent) ++connection.short_sends;
    request(all_sent ? Operation::receive : Operation::send, id);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  check_result(io_uring_queue_init(64, &ring, 0), "io_uring_queue_init");
  connections[0].fd = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  request(Operation::accept, 0);
  while (true) {
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      const std::uint64_t user_data = io_uring_cqe_get_data64(cqe);
      const int result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);  // from here on the kernel may overwrite it
      complete(static_cast<Operation>(user_data & 0xff), user_data >> 8, result);
    }
  }
}
