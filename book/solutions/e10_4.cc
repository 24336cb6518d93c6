// An echo server with one io_uring_enter(2) for a message, for many clients: ./e10_4 PORT

#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
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

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

enum class Operation : std::uint8_t { accept, receive, send, close };

struct Connection {
  int fd;
  char bytes[65536];  // sent from and received into, one after the other
};

io_uring ring;
std::unordered_map<std::uint64_t, Connection> connections;
std::uint64_t last_id = 0;

/// A chain must go in whole: submitting empties the queue.
void make_room(unsigned entries) {
  if (io_uring_sq_space_left(&ring) >= entries) return;
  check_result(io_uring_submit(&ring), "io_uring_submit");
}

void tag(io_uring_sqe* sqe, Operation operation, std::uint64_t id) {
  io_uring_sqe_set_data64(sqe, id << 8 | static_cast<std::uint8_t>(operation));
}

void request_accept() {
  make_room(1);
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_accept(sqe, connections[0].fd, nullptr, nullptr, SOCK_CLOEXEC);
  tag(sqe, Operation::accept, 0);
}

void request_close(std::uint64_t id) {
  make_room(1);
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_close(sqe, connections[id].fd);
  tag(sqe, Operation::close, id);
}

// [exchange]
/// Sends what was received last, then receives. One completion: the receive's, or that of a send
/// that failed. The failed send takes the receive with it, without a word.
void send_then_receive(std::uint64_t id, std::size_t size) {
  Connection& connection = connections[id];
  make_room(2);
  if (size > 0) {
    io_uring_sqe* send = io_uring_get_sqe(&ring);
    io_uring_prep_send(send, connection.fd, connection.bytes, size, MSG_WAITALL | MSG_NOSIGNAL);
    io_uring_sqe_set_flags(send, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
    tag(send, Operation::send, id);
  }
  io_uring_sqe* receive = io_uring_get_sqe(&ring);
  io_uring_prep_recv(receive, connection.fd, connection.bytes, sizeof connection.bytes, 0);
  tag(receive, Operation::receive, id);
}

void complete(Operation operation, std::uint64_t id, int result) {
  if (operation == Operation::accept) {
    request_accept();
    connections[++last_id].fd = check_result(result, "accept");
    send_then_receive(last_id, 0);
  } else if (operation == Operation::close) {
    connections.erase(id);
  } else if (operation == Operation::send || result <= 0) {
    request_close(id);  // a send that was to be silent on success, an error, or the end
  } else {
    send_then_receive(id, static_cast<std::size_t>(result));
  }
}
// [/exchange]

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
  std::fflush(stdout);
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: e10_4 PORT\n", stderr);
    return 2;
  }
  check_result(io_uring_queue_init(64, &ring, 0), "io_uring_queue_init");
  connections[0].fd = listen_on(std::atoi(argv[1]));
  request_accept();
  while (true) {
    const int submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted != -EINTR) check_result(submitted, "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    while (io_uring_peek_cqe(&ring, &cqe) == 0) {
      const std::uint64_t user_data = io_uring_cqe_get_data64(cqe);
      const int result = cqe->res;
      io_uring_cqe_seen(&ring, cqe);
      complete(static_cast<Operation>(user_data & 0xff), user_data >> 8, result);
    }
  }
}
