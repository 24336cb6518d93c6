// 12 completions for a ring that holds 8, and none is taken. Since Linux 5.5 (IORING_FEAT_NODROP)
// the kernel keeps the rest and sets a flag; they come into the ring when we have taken what is
// there and enter the kernel again. BROKEN: look at the ring alone, find it empty, and wait for
// four completions that have long happened. Fixed: io_uring_get_events(3), or a call of liburing
// that looks at the flag, as io_uring_peek_cqe(3) does before it says "none". A multishot request
// ends where its completion does not fit, with a good result.
// Try it: ./04-cq-overflow

#include <liburing.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

int check(int result, const char* what) {
  if (result < 0) {
    errno = -result;
    std::perror(what);
    std::exit(1);
  }
  return result;
}

void show(const char* when, const io_uring& ring) {
  std::printf("  %-14s  in the ring %u, flag %s, lost %u\n", when, io_uring_cq_ready(&ring),
              io_uring_cq_has_overflow(&ring) ? "set" : "clear", *ring.cq.koverflow);
}

void reap(io_uring& ring) {
  io_uring_cqe* cqe;
  unsigned head;
  unsigned count = 0;
  std::printf("  taking         ");
  io_uring_for_each_cqe(&ring, head, cqe) {
    std::printf(" %llu", io_uring_cqe_get_data64(cqe));
    ++count;
  }
  std::puts("");
  io_uring_cq_advance(&ring, count);
}

void run(const char* form, int (*enter_kernel)(io_uring&)) {
  std::printf("%s\n", form);
  io_uring ring;
  // By default twice as many completions as submissions.
  check(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  for (unsigned nop = 1; nop <= 12; ++nop) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_nop(sqe);
    io_uring_sqe_set_data64(sqe, nop);
    if (nop % 4 == 0) check(io_uring_submit(&ring), "io_uring_submit");
  }
  show("submitted", ring);
  reap(ring);
  show("taken", ring);
  if (enter_kernel) {
    check(enter_kernel(ring), form);
    show("kernel entered", ring);
    reap(ring);
    show("taken", ring);
  }
  io_uring_queue_exit(&ring);
}

// Takes the completions in the ring. Says whether more will follow the last of them.
void reap_accepted(io_uring& ring) {
  io_uring_cqe* cqe;
  unsigned head;
  unsigned count = 0;
  bool has_more = false;
  io_uring_for_each_cqe(&ring, head, cqe) {
    close(check(cqe->res, "accept"));
    has_more = cqe->flags & IORING_CQE_F_MORE;
    ++count;
  }
  io_uring_cq_advance(&ring, count);
  std::printf("  %u accepted, %s\n", count, has_more ? "more to follow" : "no more to follow");
}

void run_multishot() {
  std::puts("one multishot accept, 12 clients");
  const int listener = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
  sockaddr_un name{AF_UNIX, {}};
  auto* const address = reinterpret_cast<sockaddr*>(&name);
  socklen_t size = sizeof name.sun_family;  // no name: the kernel chooses one. unix(7)
  check(bind(listener, address, size), "bind");
  check(listen(listener, 12), "listen");
  size = sizeof name;
  check(getsockname(listener, address, &size), "getsockname");
  for (int client = 0; client < 12; ++client) {
    check(connect(check(socket(AF_UNIX, SOCK_STREAM, 0), "socket"), address, size), "connect");
  }
  io_uring ring;
  check(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  io_uring_prep_multishot_accept(io_uring_get_sqe(&ring), listener, nullptr, nullptr, 0);
  check(io_uring_submit(&ring), "io_uring_submit");
  reap_accepted(ring);
  check(io_uring_get_events(&ring), "io_uring_get_events");
  reap_accepted(ring);
  io_uring_queue_exit(&ring);
}

}  // namespace

int main() {
  // [forms]
  run("broken: looks into the ring", nullptr);
  run("fixed: io_uring_get_events", [](io_uring& ring) { return io_uring_get_events(&ring); });
  run("fixed: io_uring_peek_cqe", [](io_uring& ring) {
    io_uring_cqe* first;
    return io_uring_peek_cqe(&ring, &first);
  });
  // [/forms]
  run_multishot();
}
