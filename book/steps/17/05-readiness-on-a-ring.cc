// Readiness from a kernel that only completes: a receive of no bytes completes when there is
// something to read, and takes none of it. A send of no bytes completes at once, room or not.
// Try it: ./05-readiness-on-a-ring

#include <liburing.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

ssize_t check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

/// For liburing's functions, which return a negative errno instead of -1.
void check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  check(result, what);
}

/// Submits the requests, and prints what completes within a tenth of a second.
void report(io_uring& ring, const char* when) {
  check_result(io_uring_submit(&ring), "io_uring_submit");
  __kernel_timespec tenth{.tv_sec = 0, .tv_nsec = 100'000'000};
  io_uring_cqe* cqe;
  const int waited = io_uring_wait_cqe_timeout(&ring, &cqe, &tenth);
  if (waited == -ETIME) {
    std::printf("%-24s nothing completes\n", when);
    return;
  }
  check_result(waited, "io_uring_wait_cqe_timeout");
  std::printf("%-24s completed, result %d\n", when, cqe->res);
  io_uring_cqe_seen(&ring, cqe);
}

}  // namespace

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
  const auto [server, client] = ends;
  io_uring ring;
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");

  // [nothing]
  io_uring_prep_recv(io_uring_get_sqe(&ring), server, nullptr, 0, 0);
  report(ring, "receive, no room:");
  check(send(client, "hello", 5, 0), "send");
  report(ring, "the client says hello:");

  char bytes[64] = {};
  const ssize_t got = recv(server, bytes, sizeof bytes, MSG_DONTWAIT);
  std::printf("a receive with room:     %zd bytes\n", got);

  while (send(server, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;  // until there is no room
  io_uring_prep_send(io_uring_get_sqe(&ring), server, nullptr, 0, 0);
  report(ring, "send, no bytes:");
  // [/nothing]
  io_uring_queue_exit(&ring);
}
