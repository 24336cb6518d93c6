// An echo server with one io_uring_enter(2) for a message, for many clients: ./e10_3 PORT

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

enum class Operation : std::uint8_t { accept, receive, send, close };

struct Connection {
  int fd;
  char bytes[65536];  // received into and sent from, one after the other
  std::size_t size;
};

io_uring ring;
/// By an id that is never used again, unlike a descriptor's number. Id 0 is the listener.
std::unordered_map<std::uint64_t, Connection> connections;
std::uint64_t last_id = 0;

/// A chain must go in whole: submitting empties the queue.
void make_room(unsigned entries) {
  if (io_uring_sq_space_left(&ring) >= entries) return;
  check_result(io_uring_submit(&ring), "io_uring_submit");
}

void request(Operation operation, std::uint64_t id) {
  make_room(1);
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  Connection& connection = connections.at(id);
  switch (operation) {
    case Operation::accept:
      io_uring_prep_accept(sqe, connection.fd, nullptr, nullptr, SOCK_CLOEXEC);
      break;
    case Operation::receive:
      io_uring_prep_recv(sqe, connection.fd, connection.bytes, sizeof connection.bytes, 0);
      break;
    case Operation::send:
      io_uring_prep_send(sqe, connection.fd, connection.bytes, connection.size,
                         MSG_WAITALL | MSG_NOSIGNAL);
      io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
      break;
    case Operation::close:
      io_uring_prep_close(sqe, connection.fd);
  }
  io_uring_sqe_set_data64(sqe, id << 8 | static_cast<std::uint8_t>(operation));
}

void complete(Operation operation, std::uint64_t id, int result) {
  if (operation == Operation::accept) {
    request(Operation::accept, id);
    connections[++last_id].fd = check_result(result, "accept");
    request(Operation::receive, last_id);
  } else if (operation == Operation::close) {
    connections.erase(id);
  } else if (operation == Operation::send || result <= 0) {
    request(Operation::close, id);  // a failed send, an error, or the end of the stream
  } else {
    connections.at(id).size = static_cast<std::size_t>(result);
    make_room(2);
    request(Operation::send, id);
    request(Operation::receive, id);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (argc != 2) {
    std::fputs("usage: e10_3 PORT\n", stderr);
    return 2;
  }
  check_result(io_uring_queue_init(64, &ring, 0), "io_uring_queue_init");
  connections[0].fd = listen_on(std::atoi(argv[1]));
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
