// Two sends on one socket, submitted together: a MiB of the letter a, for which there is no room at
// first, and a b. MSG_WAITALL keeps the first going until all is sent, and what it waits for, the
// second waits for, too. Prints the letters that arrive, those in a row as one. Needs Linux 5.19.
// Try it: ./51-overtaken

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

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

io_uring ring;

void prepare_send(int fd, const std::string& bytes, unsigned flags) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_send(sqe, fd, bytes.data(), bytes.size(), MSG_WAITALL | MSG_NOSIGNAL);
  io_uring_sqe_set_flags(sqe, flags);
  io_uring_sqe_set_data64(sqe, bytes.size());
}

void show_order(const char* how, unsigned link) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  const std::string first(1 << 20, 'a');
  const std::string second = "b";
  // [sends]
  prepare_send(ends[0], first, link);
  prepare_send(ends[0], second, 0);
  check_result(io_uring_submit(&ring), "io_uring_submit");
  // [/sends]

  std::string order;
  for (std::size_t received = 0; received < first.size() + second.size();) {
    char bytes[4096];
    const int got = check(static_cast<int>(recv(ends[1], bytes, sizeof bytes, 0)), "recv");
    for (int i = 0; i < got; ++i) {
      if (order.empty() || order.back() != bytes[i]) order += bytes[i];
    }
    received += static_cast<std::size_t>(got);
  }
  std::printf("%-11s %s", how, order.c_str());
  for (int i = 0; i < 2; ++i) {
    io_uring_cqe* cqe;
    check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    const bool all = io_uring_cqe_get_data64(cqe) == static_cast<unsigned>(cqe->res);
    std::printf(", %s", all ? "all sent" : "not all sent");
    io_uring_cqe_seen(&ring, cqe);
  }
  std::printf("\n");
  close(ends[0]);
  close(ends[1]);
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  show_order("not linked:", 0);
  show_order("linked:", IOSQE_IO_LINK);
  io_uring_queue_exit(&ring);
}
