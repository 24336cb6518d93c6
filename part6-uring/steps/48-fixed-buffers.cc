// Memory that the kernel has mapped once, and not for each request: a registered buffer. A request
// names the buffer by its number and an address inside it. Needs Linux 5.1. Try it:
// ./48-fixed-buffers

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

io_uring ring;
int ends[2];
alignas(4096) char registered[4096];
char another[4096];

int check(int result, const char* what) {
  if (result >= 0) return result;
  std::perror(what);
  std::exit(1);
}

void show(const char* title, int result) {
  if (result < 0) {
    std::printf("%-24s -%s\n", title, strerrorname_np(-result));
  } else {
    std::printf("%-24s %d\n", title, result);
  }
}

/// Five bytes come, and are read to this address, which is said to lie in that buffer.
void read_to(const char* title, char* address, int buffer) {
  check(static_cast<int>(write(ends[1], "hello", 5)), "write");
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_read_fixed(sqe, ends[0], address, 5, 0, buffer);
  io_uring_submit_and_wait(&ring, 1);
  io_uring_cqe* cqe = nullptr;
  io_uring_peek_cqe(&ring, &cqe);
  show(title, cqe->res);
  io_uring_cqe_seen(&ring, cqe);
}

}  // namespace

int main() {
  if (const int result = io_uring_queue_init(4, &ring, 0); result < 0) {
    std::fprintf(stderr, "no ring: %s\n", std::strerror(-result));
    return 1;
  }
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  const iovec buffer{registered, sizeof registered};

  read_to("not registered yet", registered, 0);
  show("register", io_uring_register_buffers(&ring, &buffer, 1));
  read_to("inside of it", registered + 1000, 0);
  read_to("over its end", registered + sizeof registered - 4, 0);
  read_to("memory of another name", another, 0);
  read_to("buffer 1, of one", registered, 1);
  show("register again", io_uring_register_buffers(&ring, &buffer, 1));
  io_uring_queue_exit(&ring);
}
