// A file and a client, awaited by one io_uring_enter(2). epoll_ctl(2) refuses to watch the file.
// The client speaks a tenth of a second later. Needs Linux 5.6.
// Try it: strace ./02-one-wait

#include <fcntl.h>
#include <liburing.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

void check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
void check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  check(result, what);
}

// The kernel writes here until a request has completed.
char text[4096];
char said[4096];

}  // namespace

int main() {
  const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);  // this program
  check(file, "open");
  int bob[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bob), "socketpair");

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  check(epoll, "epoll_create1");
  epoll_event event{};
  event.events = EPOLLIN;
  const int added = epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event);
  std::printf("epoll, the file: %s\n", added == 0 ? "watched" : std::strerror(errno));

  io_uring ring;
  check_result(io_uring_queue_init(2, &ring, 0), "io_uring_queue_init");
  std::thread client([&bob] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    check(write(bob[1], "hi", 2), "write");
  });
  // [both]
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_read(sqe, file, text, sizeof text, 0);
  io_uring_sqe_set_data64(sqe, 1);

  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, bob[0], said, sizeof said, 0);
  io_uring_sqe_set_data64(sqe, 2);

  check_result(io_uring_submit_and_wait(&ring, 2), "io_uring_submit_and_wait");
  // [/both]
  for (int i = 0; i < 2; ++i) {
    io_uring_cqe* cqe;
    check_result(io_uring_peek_cqe(&ring, &cqe), "io_uring_peek_cqe");
    const char* whose = io_uring_cqe_get_data64(cqe) == 1 ? "the file" : "bob";
    std::printf("ring, %s: %d bytes\n", whose, cqe->res);
    io_uring_cqe_seen(&ring, cqe);
  }
  client.join();
  io_uring_queue_exit(&ring);
}
