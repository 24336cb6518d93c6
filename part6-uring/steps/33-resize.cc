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

namespace {

constexpr unsigned register_resize_rings = 33;  // since 6.13; liburing 2.3 has no name for it
constexpr unsigned reads = 16;
constexpr unsigned entries = 4;
// Since 6.6. 6.18 does not tell where the array of indices is after a resize: better to have none.
constexpr unsigned no_sqarray = 1U << 16;

io_uring ring;
int pairs[reads][2];
char bytes[reads];

[[noreturn]] void fail(const char* what, int error) {
  std::printf("%s: %s\n", what, strerrorname_np(error));
  std::exit(1);
}

/// liburing's functions return a negative errno.
void check(int result, const char* what) {
  if (result < 0) fail(what, -result);
}

[[noreturn]] void too_old() {
  std::puts("no queue can be resized: Linux 6.13 has it");
  std::exit(80);
}

io_uring_params params_for(unsigned completions) {
  io_uring_params params{};
  params.flags = IORING_SETUP_CQSIZE;
  params.sq_entries = entries;
  params.cq_entries = completions;
  return params;
}

/// liburing 2.9 leaves it to io_uring_queue_init to set enter_ring_fd.
void map_ring(int fd, io_uring_params& params) {
  check(io_uring_queue_mmap(fd, &params, &ring), "io_uring_queue_mmap");
  ring.enter_ring_fd = fd;
}

/// Not io_uring_queue_init: liburing 2.3 writes an array of indices, though this ring has none.
void open_ring() {
  io_uring_params params = params_for(entries);
  params.flags |= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | no_sqarray;
  const int fd = static_cast<int>(syscall(__NR_io_uring_setup, entries, &params));
  if (fd < 0 && errno == EINVAL) too_old();
  if (fd < 0) fail("io_uring_setup", errno);
  map_ring(fd, params);
}

// [resize]
/// Changes the size of the completion queue. What was prepared must be submitted before.
const char* resize(unsigned completions) {
  io_uring_params params = params_for(completions);
  if (syscall(__NR_io_uring_register, ring.ring_fd, register_resize_rings, &params, 1) < 0) {
    if (errno == EINVAL) too_old();
    return strerrorname_np(errno);  // and nothing has changed
  }
  const io_uring old = ring;
  params.features = IORING_FEAT_SINGLE_MMAP;  // as before: one mapping for both queues
  munmap(old.sq.sqes, old.sq.ring_entries * sizeof(io_uring_sqe));
  munmap(old.sq.ring_ptr, old.sq.ring_sz);
  map_ring(old.ring_fd, params);
  ring.flags = old.flags;
  ring.sq.sqe_head = old.sq.sqe_head;
  ring.sq.sqe_tail = old.sq.sqe_tail;
  return "done";
}
// [/resize]

void submit_reads() {
  for (unsigned i = 0; i < reads; ++i) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_recv(sqe, pairs[i][0], &bytes[i], 1, 0);
    io_uring_sqe_set_data64(sqe, i);
    check(io_uring_submit(&ring), "io_uring_submit");
  }
}

void answer(unsigned first, unsigned last) {
  for (; first <= last; ++first) (void)!write(pairs[first][1], "a", 1);
}

/// Enters the kernel, which makes completions of what has come. Returns how many are there.
unsigned enter(const char* title) {
  check(io_uring_get_events(&ring), "io_uring_get_events");
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
    check(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    sum += io_uring_cqe_get_data64(cqe);
    io_uring_cqe_seen(&ring, cqe);
  }
  return sum;
}

void fixed_size() {
  open_ring();
  std::puts("a queue that stays as it is");
  submit_reads();
  answer(0, reads - 1);
  __u64 sum = 0;
  for (unsigned n = 0; n < reads / entries; ++n) sum += take(enter("entered"));
  std::printf("  reads completed: %u, sum %llu\n", reads, sum);
  io_uring_queue_exit(&ring);
}

void growing() {
  open_ring();
  std::puts("a queue that grows");
  submit_reads();
  answer(0, 2);
  enter("three answers");
  std::printf("  resize to 16: %s\n", resize(16));
  answer(3, reads - 1);
  const unsigned ready = enter("the others");
  std::printf("  resize to 4: %s\n", resize(4));
  std::printf("  reads completed: %u, sum %llu\n", ready, take(ready));
  io_uring_queue_exit(&ring);
}

}  // namespace

int main() {
  for (auto& pair : pairs) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) fail("socketpair", errno);
  }
  fixed_size();
  growing();
}
