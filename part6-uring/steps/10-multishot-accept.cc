// One request, and a completion for every client. Each says whether the request goes on
// (IORING_CQE_F_MORE); without that flag it was the last, and to accept more clients the server has
// to ask again (not immediately, if descriptors ran out: that spins). BROKEN for a server with four
// connections at most: the request does not stop at a number, it takes every client in the queue.
// Fixed: a request for each free connection; the other clients wait. Needs Linux 5.19.
// Try it: ./10-multishot-accept

#include <liburing.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int connections_max = 4;
enum UserData : __u64 { accepting = 1, cancelling };

io_uring ring;
int listener;
// A Unix socket: a connected client is in the queue without delay.
sockaddr_un address{AF_UNIX, {}};
socklen_t address_bytes = sizeof(sa_family_t);  // without a name: bind(2) picks one

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

int new_socket() { return check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"); }

void connect(int client) {
  check(connect(client, reinterpret_cast<sockaddr*>(&address), address_bytes), "connect");
}

void connect_ten() {  // they stay to the end
  for (int i = 0; i < 10; ++i) connect(new_socket());
}

void request(bool multishot) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  const auto prepare = multishot ? io_uring_prep_multishot_accept : io_uring_prep_accept;
  prepare(sqe, listener, nullptr, nullptr, SOCK_CLOEXEC);
  io_uring_sqe_set_data64(sqe, accepting);
}

/// Prints the completions of one wait. Returns the number of clients.
int wait(const char* title) {
  int clients = 0;
  int promises = 0;
  const char* error = nullptr;
  check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
  io_uring_cqe* cqe;
  while (io_uring_peek_cqe(&ring, &cqe) == 0) {
    if (cqe->res >= 0) ++clients;
    if (cqe->res < 0) error = strerrorname_np(-cqe->res);
    if (cqe->flags & IORING_CQE_F_MORE) ++promises;
    io_uring_cqe_seen(&ring, cqe);
  }
  std::printf("%-28s %2d clients, %2d promises of more%s%s\n", title, clients, promises,
              error ? ", -" : "", error ? error : "");
  return clients;
}

/// Empties the queue of the listener. Returns how many clients were in it.
int in_queue() {
  int clients = 0;
  pollfd entry{listener, POLLIN, 0};
  while (poll(&entry, 1, 0) > 0) {
    close(check(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4"));
    ++clients;
  }
  return clients;
}

void cancel() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_cancel64(sqe, accepting, 0);
  io_uring_sqe_set_data64(sqe, cancelling);
  io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);  // only the accept's last completion matters
  wait("cancelled:");
}

void out_of_descriptors() {
  rlimit limit;
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  const rlimit usual = limit;
  const int last = new_socket();
  connect(last);
  limit.rlim_cur = static_cast<rlim_t>(last) + 1;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  request(true);  // it keeps the limit of this moment (6.18)
  wait("no descriptor is left:");
  check(setrlimit(RLIMIT_NOFILE, &usual), "setrlimit");
  request(true);
  wait("there are some, asked again:");
}

}  // namespace

int main() {
  listener = new_socket();
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  check(bind(listener, name, address_bytes), "bind");
  address_bytes = sizeof address;
  check(getsockname(listener, name, &address_bytes), "getsockname");
  check(listen(listener, SOMAXCONN), "listen");
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");

  connect_ten();
  request(true);
  const int taken = wait("broken, one request:");
  std::printf("%-28s %2d in %d places, %d left in the queue\n", "", taken, connections_max,
              in_queue());
  connect(new_socket());
  wait("another comes:");
  cancel();
  out_of_descriptors();
  cancel();

  connect_ten();
  for (int i = 0; i < connections_max; ++i) request(false);
  const int admitted = wait("fixed, four requests:");
  std::printf("%-28s %2d in %d places, %d left in the queue\n", "", admitted, connections_max,
              in_queue());
  io_uring_queue_exit(&ring);
  close(listener);
}
