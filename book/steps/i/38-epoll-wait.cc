// An old program has its descriptors in an epoll instance, and moves to a ring piece by piece. How
// does one thread wait for both? Before: the ring is watched by epoll like any descriptor, or the
// ring polls the epoll instance; either way one call waits and another submits or fetches. Since
// Linux 6.15 epoll_wait is a request, and one call does it all.
// Try it: ./38-epoll-wait

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr __u8 op_epoll_wait = 59;  // since 6.15; liburing 2.3 has no name for it
constexpr int rounds = 10;
constexpr int events_max = 8;
enum UserData : __u64 { old_part, new_part };

io_uring ring;
int old_pipe[2];  // watched with epoll
int new_pipe[2];  // read by the ring
int epoll;
epoll_event events[events_max];
char old_byte;
char new_byte;
int calls;  // that submit, wait or fetch

/// -1 with errno, or, as liburing's functions return it, a negative errno.
int check(int result, const char* what) {
  if (result < 0) {
    std::printf("%s: %s\n", what, strerrorname_np(result == -1 ? errno : -result));
    std::exit(1);
  }
  return result;
}

void submit(unsigned completions) {  // and waits for so many
  ++calls;
  check(io_uring_submit_and_wait(&ring, completions), "io_uring_submit_and_wait");
}

int wait_with_epoll() {
  ++calls;
  return check(epoll_wait(epoll, events, events_max, -1), "epoll_wait");
}

void prepare(__u8 opcode, int fd, const void* address, unsigned length, UserData user_data) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_rw(opcode, sqe, fd, address, length, 0);
  io_uring_sqe_set_data64(sqe, user_data);
}

void prepare_read() { prepare(IORING_OP_READ, new_pipe[0], &new_byte, 1, new_part); }

/// Takes what has completed. Returns the result of the old part's request.
int take_completions() {
  int result = 0;
  io_uring_cqe* cqe = nullptr;
  while (io_uring_peek_cqe(&ring, &cqe) == 0) {
    check(cqe->res, "a request");
    if (io_uring_cqe_get_data64(cqe) == old_part) result = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
  return result;
}

/// What the old part does with its events.
void handle(int ready) {
  for (int i = 0; i < ready; ++i) {
    if (events[i].data.fd == old_pipe[0]) (void)!read(old_pipe[0], &old_byte, 1);
  }
}

void both_write() {
  (void)!write(old_pipe[1], "a", 1);
  (void)!write(new_pipe[1], "b", 1);
}

void ring_watched_by_epoll() {
  prepare_read();
  submit(0);
  both_write();
  handle(wait_with_epoll());
  take_completions();
}

// [ring]
void epoll_polled_by_ring() {
  prepare_read();
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_poll_add(sqe, epoll, POLLIN);
  io_uring_sqe_set_data64(sqe, old_part);
  both_write();
  submit(2);
  take_completions();
  handle(wait_with_epoll());
}

void epoll_wait_as_request() {
  prepare_read();
  prepare(op_epoll_wait, epoll, events, events_max, old_part);
  both_write();
  submit(2);
  handle(take_completions());  // the result is how many events there are
}
// [/ring]

void count(const char* title, void (*turn)()) {
  calls = 0;
  for (int i = 0; i < rounds; ++i) {
    old_byte = 0;
    new_byte = 0;
    turn();
    if (old_byte != 'a' || new_byte != 'b') std::puts("something was missed");
  }
  std::printf("%-24s %d turns, %d calls\n", title, rounds, calls);
}

void watch(int fd) {
  epoll_event event{EPOLLIN, {.fd = fd}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

}  // namespace

int main() {
  check(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  io_uring_probe* probe = io_uring_get_probe_ring(&ring);
  if (probe == nullptr || io_uring_opcode_supported(probe, op_epoll_wait) == 0) {
    std::puts("no epoll_wait in a ring: Linux 6.15 has it");
    return 80;
  }
  io_uring_free_probe(probe);
  check(pipe2(old_pipe, O_CLOEXEC), "pipe2");
  check(pipe2(new_pipe, O_CLOEXEC), "pipe2");
  epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(old_pipe[0]);
  watch(ring.ring_fd);
  count("a ring watched by epoll:", ring_watched_by_epoll);
  check(epoll_ctl(epoll, EPOLL_CTL_DEL, ring.ring_fd, nullptr), "epoll_ctl");
  count("epoll polled by a ring:", epoll_polled_by_ring);
  count("epoll_wait as a request:", epoll_wait_as_request);
  io_uring_queue_exit(&ring);
}
