// Reads lines from two FIFOs, one through a ring, the other when epoll reports it readable. One
// thread waits for both in one place: ./e12_2 FIFO_FOR_THE_RING FIFO_FOR_EPOLL

#include <fcntl.h>
#include <liburing.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

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

io_uring ring;
char buffer[4096];

void request_read(int file) {
  io_uring_prep_read(io_uring_get_sqe(&ring), file, buffer, sizeof buffer, 0);
  check_result(io_uring_submit(&ring), "io_uring_submit");
}

/// Returns false if the stream has ended.
bool print(const char* by, const char* bytes, int size) {
  std::printf("%s: %.*s", by, size, bytes);
  std::fflush(stdout);
  return size > 0;
}

/// Takes every completion, because until then the ring's descriptor is readable. Returns false if
/// the stream has ended.
bool reap(int file) {
  bool open = true;
  io_uring_cqe* cqe = nullptr;
  while (io_uring_peek_cqe(&ring, &cqe) == 0) {
    const int got = check_result(cqe->res, "read through the ring");
    io_uring_cqe_seen(&ring, cqe);
    open = got > 0 && print("ring", buffer, got);
    if (open) request_read(file);
  }
  return open;
}

bool read_ready(int file) {
  char bytes[4096];
  const auto got = static_cast<int>(read(file, bytes, sizeof bytes));
  if (got < 0 && errno == EAGAIN) return true;
  return check(got, "read") > 0 && print("epoll", bytes, got);
}

void watch(int epoll, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: e12_2 FIFO FIFO\n", stderr);
    return 2;
  }
  const int by_ring = check(open(argv[1], O_RDONLY | O_CLOEXEC), argv[1]);
  const int by_epoll = check(open(argv[2], O_RDONLY | O_NONBLOCK | O_CLOEXEC), argv[2]);
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  request_read(by_ring);
  // [wait]
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll, ring.ring_fd);  // readable when there is a completion
  watch(epoll, by_epoll);
  int open_streams = 2;
  while (open_streams > 0) {
    epoll_event event;
    const int ready = epoll_wait(epoll, &event, 1, -1);
    if (ready < 0 && errno == EINTR) continue;
    check(ready, "epoll_wait");
    const int fd = event.data.fd;
    const bool open = fd == ring.ring_fd ? reap(by_ring) : read_ready(by_epoll);
    if (open) continue;
    check(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr), "epoll_ctl");
    --open_streams;
  }
  // [/wait]
}
