// The echo of 04-echo-one with one io_uring_enter(2) for a message: the answer and the next receive
// are submitted together, linked, and a send that succeeds has no completion. It is for a few
// clients, and ends when a send fails. With "partial" a send may stop half-way, and nobody is told.
// Needs Linux 5.19.
// Try it: ./50-one-call 5882   and, from several terminals,   nc 127.0.0.1 5882

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
std::unordered_map<std::uint64_t, Connection> connections;  // id 0 is the listener
std::uint64_t last_id = 0;
int wait_all = MSG_WAITALL;

io_uring_sqe* next_entry() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  if (sqe == nullptr) check_result(-ENOSPC, "io_uring_get_sqe");  // this step ends here
  return sqe;
}

void tag(io_uring_sqe* sqe, Operation operation, std::uint64_t id) {
  io_uring_sqe_set_data64(sqe, id << 8 | static_cast<std::uint8_t>(operation));
}

void request_accept() {
  io_uring_sqe* sqe = next_entry();
  io_uring_prep_accept(sqe, connections[0].fd, nullptr, nullptr, SOCK_CLOEXEC);
  tag(sqe, Operation::accept, 0);
}

void request_close(std::uint64_t id) {
  io_uring_sqe* sqe = next_entry();
  io_uring_prep_close(sqe, connections.at(id).fd);
  tag(sqe, Operation::close, id);
}

void send_then_receive(std::uint64_t id, std::size_t size) {
  Connection& connection = connections.at(id);
  if (size > 0) {
    io_uring_sqe* send = next_entry();
    io_uring_prep_send(send, connection.fd, connection.bytes, size, wait_all | MSG_NOSIGNAL);
    io_uring_sqe_set_flags(send, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
    tag(send, Operation::send, id);
  }
  io_uring_sqe* receive = next_entry();
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
  } else if (operation == Operation::send) {
    // It has failed, or we would not hear of it, although the result is positive if some bytes got
    // out: this step ends here.
    check_result(result < 0 ? result : -EPIPE, "send");
  } else if (result <= 0) {
    request_close(id);
  } else {
    send_then_receive(id, static_cast<std::size_t>(result));
  }
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
  std::fflush(stdout);
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) wait_all = 0;  // partial
  check_result(io_uring_queue_init(64, &ring, 0), "io_uring_queue_init");
  connections[0].fd = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
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
