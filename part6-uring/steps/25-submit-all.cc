// The kernel looks at each entry before it starts it, and refuses what makes no sense: that entry
// completes with an error, and the submission stops there. What comes after it stays in the ring.
// BROKEN: submit four, then wait for four completions; two are not even under way. Fixed: look at
// what io_uring_submit(3) returns, and submit again; or a ring with IORING_SETUP_SUBMIT_ALL (Linux
// 5.18), where a refused entry does not stop the others.
// Try it: ./25-submit-all

#include <fcntl.h>
#include <liburing.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr unsigned batch = 4;
const std::string long_name(5000, 'x');  // PATH_MAX is 4096
__kernel_timespec minus_one_second{-1, 0};
char byte;

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check(int result, const char* what) {
  if (result < 0) {
    errno = -result;
    std::perror(what);
    std::exit(1);
  }
  return result;
}

struct Ring : io_uring {
  explicit Ring(unsigned setup_flags) {
    check(io_uring_queue_init(8, this, setup_flags), "queue_init");
  }
  ~Ring() { io_uring_queue_exit(this); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
};

using Prepare = void (*)(io_uring_sqe*);

void nothing(io_uring_sqe* sqe) { io_uring_prep_nop(sqe); }

void unknown_personality(io_uring_sqe* sqe) {
  io_uring_prep_nop(sqe);
  sqe->personality = 9999;
}

/// Fills in four entries, of which the second is special.
void fill(Ring& ring, Prepare second) {
  for (unsigned number = 1; number <= batch; ++number) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    (number == 2 ? second : nothing)(sqe);
    io_uring_sqe_set_data64(sqe, number);
  }
}

/// Takes the completions that are there. Returns the result of the second request.
int reap(Ring& ring, unsigned& count) {
  int result = 0;
  unsigned head;
  io_uring_cqe* cqe;
  count = 0;
  io_uring_for_each_cqe(&ring, head, cqe) {
    if (io_uring_cqe_get_data64(cqe) == 2) result = cqe->res;
    ++count;
  }
  io_uring_cq_advance(&ring, count);
  return result;
}

void submit_once(const char* what, Prepare second) {
  std::printf("%-28s", what);
  int result = 0;
  for (const unsigned flags : {0U, unsigned{IORING_SETUP_SUBMIT_ALL}}) {
    Ring ring(flags);
    fill(ring, second);
    const int taken = check(io_uring_submit(&ring), "io_uring_submit");
    std::printf("%d taken, %u left   ", taken, io_uring_sq_ready(&ring));
    unsigned count;
    result = reap(ring, count);
  }
  std::printf("%s\n", result < 0 ? strerrorname_np(-result) : "-");
}

/// Waits for four completions, but not for ever: for a tenth of a second.
void wait_for_four(const char* how, Ring& ring, int calls) {
  __kernel_timespec limit{0, 100'000'000};
  io_uring_cqe* first;
  (void)io_uring_wait_cqes(&ring, &first, batch, &limit, nullptr);
  unsigned count;
  reap(ring, count);
  std::printf("%-28s%d entries, %d submission%s, %u completions%s\n", how, batch, calls,
              calls > 1 ? "s" : "", count, count < batch ? ", and no more" : "");
}

void wait_broken() {
  Ring ring(0);
  fill(ring, unknown_personality);
  check(io_uring_submit(&ring), "io_uring_submit");
  wait_for_four("broken: submit once", ring, 1);
}

// [again]
void wait_mended() {
  Ring ring(0);
  fill(ring, unknown_personality);
  int calls = 0;
  while (io_uring_sq_ready(&ring) > 0) {
    check(io_uring_submit(&ring), "io_uring_submit");
    ++calls;
  }
  wait_for_four("fixed: until none is left", ring, calls);
}
// [/again]

void wait_with_flag() {
  Ring ring(IORING_SETUP_SUBMIT_ALL);
  fill(ring, unknown_personality);
  check(io_uring_submit(&ring), "io_uring_submit");
  wait_for_four("fixed: SUBMIT_ALL", ring, 1);
}

}  // namespace

int main() {
  std::printf("%-28s%-18s%s\n", "the second of four is a", "without the flag", "with SUBMIT_ALL");
  submit_once("nop", nothing);
  submit_once("read, closed descriptor",
              [](io_uring_sqe* sqe) { io_uring_prep_read(sqe, 999, &byte, 1, 0); });
  submit_once("nop, unknown personality", unknown_personality);
  submit_once("unknown operation",
              [](io_uring_sqe* sqe) { io_uring_prep_rw(255, sqe, 0, 0, 0, 0); });
  submit_once("timeout, negative time",
              [](io_uring_sqe* sqe) { io_uring_prep_timeout(sqe, &minus_one_second, 0, 0); });
  submit_once("open, name too long", [](io_uring_sqe* sqe) {
    io_uring_prep_openat(sqe, AT_FDCWD, long_name.c_str(), O_RDONLY, 0);
  });
  wait_broken();
  wait_mended();
  wait_with_flag();
}
