// A receive first tries, and arms a poll if there is nothing; with IORING_RECVSEND_POLL_FIRST
// (Linux 5.19) it arms the poll first. Which is better depends on whether bytes are waiting, and
// that the completion of the receive before has told: IORING_CQE_F_SOCK_NONEMPTY (5.19). BROKEN, a
// rule for all connections: half of the tries are in vain, or every receive is put off. Fixed: by
// the flag. A socket that cannot tell never sets it: UDP cannot.
// Try it: ./26-socket-nonempty

#include <liburing.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace {

constexpr int messages = 100;
constexpr int message_bytes = 64;
enum class PollFirst { never, always, by_flag };

io_uring ring;
char bytes[message_bytes];

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

struct Connection {
  int ours;
  int peers;

  /// Returns when all of it has arrived.
  void peer_sends(int size) const {
    static const char text[messages * message_bytes] = {};
    int before = 0;
    int now = 0;
    check(ioctl(ours, FIONREAD, &before), "ioctl");
    check(static_cast<int>(send(peers, text, static_cast<std::size_t>(size), 0)), "send");
    while (now < before + size) check(ioctl(ours, FIONREAD, &now), "ioctl");
  }
};

Connection new_connection() {
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{AF_INET, 0, {htonl(INADDR_LOOPBACK)}, {}};
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  check(bind(listener, name, size), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  const int peers = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(connect(peers, name, size), "connect");
  const int ours = check(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4");
  close(listener);
  return {ours, peers};
}

/// A receive under way. True: it has completed, as it was tried and there were bytes.
bool submit_receive(int fd, unsigned size, bool poll_first) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, fd, bytes, size, 0);
  if (poll_first) sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
  check_result(io_uring_submit(&ring), "io_uring_submit");
  return io_uring_cq_ready(&ring) > 0;  // what was put off is done when we wait: DEFER_TASKRUN
}

/// Waits for the receive. Returns whether the socket has more.
bool reap() {
  io_uring_cqe* cqe;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  check_result(cqe->res, "recv");
  const bool more = (cqe->flags & IORING_CQE_F_SOCK_NONEMPTY) != 0;
  io_uring_cqe_seen(&ring, cqe);
  return more;
}

struct Count {
  int tries = 0;
  int in_vain = 0;
  int put_off = 0;  // until the poll says that there is something
};

/// The peer waits until a receive is under way, and then sends so many messages together.
Count receive_all(int together, PollFirst policy) {
  const Connection connection = new_connection();
  Count count;
  bool more = true;  // of a new connection nothing is known
  for (int received = 0; received < messages; ++received) {
    const bool poll_first = policy == PollFirst::always || (policy == PollFirst::by_flag && !more);
    const bool done = submit_receive(connection.ours, message_bytes, poll_first);
    if (received % together == 0) connection.peer_sends(together * message_bytes);
    more = reap();
    const bool in_vain = !done && !poll_first;
    count.tries += in_vain ? 2 : 1;
    count.in_vain += in_vain;
    count.put_off += !done;
  }
  return count;
}

void compare(int together) {
  std::printf("%d messages, %d at a time\n", messages, together);
  constexpr std::pair<const char*, PollFirst> policies[] = {{"try first", PollFirst::never},
                                                            {"poll first", PollFirst::always},
                                                            {"by flag", PollFirst::by_flag}};
  for (const auto& [name, policy] : policies) {
    const Count count = receive_all(together, policy);
    std::printf("  %-12s%4d tries, %3d in vain, %3d put off\n", name, count.tries, count.in_vain,
                count.put_off);
  }
}

void ask() {
  const Connection connection = new_connection();
  connection.peer_sends(5);
  for (const char* what : {"3 of 5 bytes", "the other 2", "end of stream"}) {
    submit_receive(connection.ours, 3, false);
    std::printf("%-14s %s\n", what, reap() ? "nonempty" : "-");
    int unread = 0;
    check(ioctl(connection.ours, FIONREAD, &unread), "ioctl");
    if (unread == 0) shutdown(connection.peers, SHUT_WR);
  }
}

}  // namespace

int main() {
  check_result(
      io_uring_queue_init(8, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN),
      "io_uring_queue_init");
  for (const int together : {1, 4, messages}) compare(together);
  ask();
  io_uring_queue_exit(&ring);
}
