// How large must the completion queue be? Sixteen reads are in flight, and it has four places.
// Before: what has no place waits in a list in the kernel until the program enters it, again and
// again. Or the queue grows meanwhile (IORING_REGISTER_RESIZE_RINGS, Linux 6.13, for rings with
// DEFER_TASKRUN): the program maps new memory, and requests and completions are still there.
// Try it: ./33-resize

#include <liburing.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr unsigned register_resize_rings = 33;  // since 6.13; liburing 2.3 has no name for it
constexpr unsigned reads = 16;
constexpr unsigned entries = 4;
// Since 6.6. 6.18 does not tell where the array of indices is after a resize: better to have none.
constexpr unsigned no_sqarray = 1U << 16;
constexpr unsigned deferred = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
constexpr unsigned usual = deferred | no_sqarray;

io_uring ring;
int pairs[reads][2];
char bytes[reads];

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

std::string text(int result) {
  return result < 0 ? std::string("-") + strerrorname_np(-result) : std::to_string(result);
}

io_uring_params sizes(unsigned requests, unsigned completions) {
  io_uring_params params{};
  params.flags = IORING_SETUP_CQSIZE;
  params.sq_entries = requests;
  params.cq_entries = completions;
  return params;
}

/// Not io_uring_queue_init: liburing 2.3 writes an array of indices, though this ring has none.
void open_ring(unsigned flags) {
  io_uring_params params = sizes(entries, entries);
  params.flags |= flags;
  const int fd = static_cast<int>(syscall(__NR_io_uring_setup, entries, &params));
  check_result(io_uring_queue_mmap(check(fd, "io_uring_setup"), &params, &ring), "mmap");
  ring.features = params.features;
}

// [resize]
/// Changes the sizes of the queues. Returns -errno. All that was prepared must be submitted.
int resize(unsigned requests, unsigned completions) {
  io_uring_params params = sizes(requests, completions);
  if (syscall(__NR_io_uring_register, ring.ring_fd, register_resize_rings, &params, 1) < 0) {
    return -errno;  // nothing has changed
  }
  const io_uring old = ring;
  params.features = old.features;  // one mapping for both queues
  munmap(old.sq.sqes, old.sq.ring_entries * sizeof(io_uring_sqe));
  munmap(old.sq.ring_ptr, old.sq.ring_sz);
  check_result(io_uring_queue_mmap(old.ring_fd, &params, &ring), "io_uring_queue_mmap");
  ring.flags = old.flags;
  ring.features = old.features;
  ring.sq.sqe_head = old.sq.sqe_head;
  ring.sq.sqe_tail = old.sq.sqe_tail;
  return 0;
}
// [/resize]

void submit_reads() {
  for (unsigned i = 0; i < reads; ++i) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    if (sqe == nullptr) {  // four places: submit, and there are four again
      check_result(io_uring_submit(&ring), "io_uring_submit");
      sqe = io_uring_get_sqe(&ring);
    }
    io_uring_prep_recv(sqe, pairs[i][0], &bytes[i], 1, 0);
    io_uring_sqe_set_data64(sqe, i);
  }
  check_result(io_uring_submit(&ring), "io_uring_submit");
}

void answer(unsigned first, unsigned last) {
  for (unsigned i = first; i <= last; ++i) {
    check(static_cast<int>(send(pairs[i][1], "a", 1, MSG_NOSIGNAL)), "send");
  }
}

/// Enters the kernel, which makes completions of what has come. Returns how many are there.
unsigned enter(const char* title) {
  check_result(io_uring_get_events(&ring), "io_uring_get_events");
  const bool overflow = (*ring.sq.kflags & IORING_SQ_CQ_OVERFLOW) != 0;
  std::printf("  %-14s %2u completions in %2u places%s\n", title, io_uring_cq_ready(&ring),
              ring.cq.ring_entries, overflow ? ", others in the kernel's list" : "");
  return io_uring_cq_ready(&ring);
}

/// Takes what is there. Returns the sum of the reads' numbers: 120 if each came once.
__u64 take(unsigned count) {
  __u64 sum = 0;
  for (; count > 0; --count) {
    io_uring_cqe* cqe = nullptr;
    check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    check_result(cqe->res, "recv");
    sum += io_uring_cqe_get_data64(cqe);
    io_uring_cqe_seen(&ring, cqe);
  }
  return sum;
}

void as_before() {
  std::puts("a queue that stays as it is");
  open_ring(usual);
  submit_reads();
  answer(0, reads - 1);
  __u64 sum = 0;
  unsigned enters = 0;
  unsigned taken = 0;
  for (; taken < reads; ++enters) {
    const unsigned ready = enter("entered");
    sum += take(ready);
    taken += ready;
  }
  std::printf("  reads completed: %u, sum %llu, entered %u times\n", taken, sum, enters);
  io_uring_queue_exit(&ring);
}

void grown() {
  std::puts("a queue that grows");
  open_ring(usual);
  submit_reads();
  answer(0, 2);
  enter("three answers");
  std::printf("  resized: %s\n", text(resize(entries, reads)).c_str());
  answer(3, reads - 1);
  const unsigned ready = enter("the others");
  std::printf("  reads completed: %u, sum %llu\n", ready, take(ready));
  submit_reads();
  answer(0, reads - 1);
  const unsigned again = enter("all again");
  std::printf("  smaller than what is in it: %s\n", text(resize(entries, entries)).c_str());
  std::printf("  reads completed: %u, sum %llu\n", again, take(again));
  io_uring_queue_exit(&ring);
}

}  // namespace

int main() {
  for (auto& pair : pairs) {
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
  }
  open_ring(deferred);
  if (resize(entries, 2 * entries) == -EINVAL) {
    std::puts("queues cannot be resized: Linux 6.13 has it");
    return 80;
  }
  io_uring_queue_exit(&ring);
  as_before();
  grown();
  open_ring(0);
  std::printf("without DEFER_TASKRUN: %s\n", text(resize(entries, reads)).c_str());
  io_uring_queue_exit(&ring);
}
