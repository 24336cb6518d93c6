// Appends each line of its input to a file, and prints "ok" when it is on the disk: ./e10_3 FILE

#include <fcntl.h>
#include <liburing.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

constexpr unsigned requests = 2;

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

void submit_and_wait(io_uring& ring, unsigned completions) {
  while (io_uring_cq_ready(&ring) < completions) {  // a signal ends a wait early
    const int result = io_uring_submit_and_wait(&ring, completions);
    if (result != -EINTR) check_result(result, "io_uring_submit_and_wait");
  }
}

void append(io_uring& ring, int file, const std::string& line) {
  const auto size = static_cast<unsigned>(line.size());
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_write(sqe, file, line.data(), size, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);  // the next one begins when this one has succeeded
  io_uring_sqe_set_data64(sqe, 0);
  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_fsync(sqe, file, IORING_FSYNC_DATASYNC);
  io_uring_sqe_set_data64(sqe, 1);

  submit_and_wait(ring, requests);
  int results[requests] = {};
  for (unsigned i = 0; i < requests; ++i) {
    io_uring_cqe* cqe = nullptr;
    check_result(io_uring_peek_cqe(&ring, &cqe), "io_uring_peek_cqe");
    results[io_uring_cqe_get_data64(cqe)] = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
  // The write first: if it failed or fell short, the fsync was cancelled.
  if (check_result(results[0], "write") < static_cast<int>(size)) check_result(-ENOSPC, "write");
  check_result(results[1], "fsync");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: e10_3 FILE\n", stderr);
    return 2;
  }
  const int file = check(open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666), argv[1]);
  io_uring ring;
  check_result(io_uring_queue_init(requests, &ring, 0), "io_uring_queue_init");
  std::string line;
  while (std::getline(std::cin, line)) {
    append(ring, file, line + '\n');
    std::puts("ok");
    std::fflush(stdout);
  }
  io_uring_queue_exit(&ring);
}
