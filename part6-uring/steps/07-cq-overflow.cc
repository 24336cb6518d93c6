// 12 completions for a ring that holds 8, and none is taken. Since Linux 5.5 (IORING_FEAT_NODROP)
// the kernel keeps the rest and sets a flag; they come into the ring when we have taken what is
// there and enter the kernel again. BROKEN: look at the ring alone, find it empty, and wait for
// four completions that have long happened. Fixed: io_uring_get_events(3), or a call of liburing
// that looks at the flag, as io_uring_peek_cqe(3) does before it says "none".
// Try it: ./07-cq-overflow

#include <liburing.h>

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
}
