// A ring of 4 entries and 100 reads in flight. The submission queue holds what is prepared and not
// yet submitted; what the kernel has taken needs no entry in it. When io_uring_get_sqe(3) returns
// null, submit and go on. BROKEN: take null for "no more can be in flight". Needs Linux 5.6.
// Try it: ./06-sq-full

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr int reads_wanted = 100;

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

/// A free sqe, or null when the submission queue is full. Fixed: submit first, which empties it.
io_uring_sqe* free_sqe(io_uring& ring, bool fixed, int& submits) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  if (sqe != nullptr || !fixed) return sqe;
  ++submits;
  check_result(io_uring_submit(&ring), "io_uring_submit");
  return io_uring_get_sqe(&ring);
}

/// Takes the completions that are there, and returns how many.
int reap(io_uring& ring) {
  io_uring_cqe* cqe;
  unsigned head;
  unsigned count = 0;
  io_uring_for_each_cqe(&ring, head, cqe) {
    check_result(cqe->res, "read");
    ++count;
  }
  io_uring_cq_advance(&ring, count);
  return static_cast<int>(count);
}

void run(const char* form, bool fixed) {
  io_uring ring;
  io_uring_params params{};
  params.flags = IORING_SETUP_CQSIZE;  // since Linux 5.5. All 100 completions need an entry:
  params.cq_entries = 128;             // see 07-cq-overflow
  check_result(io_uring_queue_init_params(4, &ring, &params), "io_uring_queue_init_params");
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");

  char letters[reads_wanted];
  int in_flight = 0;
  int submits = 1;
  while (in_flight < reads_wanted) {
    io_uring_sqe* sqe = free_sqe(ring, fixed, submits);
    if (sqe == nullptr) break;
    io_uring_prep_read(sqe, ends[0], &letters[in_flight], 1, 0);
    ++in_flight;
  }
  check_result(io_uring_submit(&ring), "io_uring_submit");
  std::printf("%s: submits %d, reads in flight %d, completed %d\n", form, submits, in_flight,
              reap(ring));

  const char bytes[reads_wanted] = {};
  check(write(ends[1], bytes, static_cast<std::size_t>(in_flight)), "write");
  int completed = 0;
  while (completed < in_flight) {
    check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
    completed += reap(ring);
  }
  std::printf("  bytes come %d, completed %d\n", in_flight, completed);
  close(ends[0]);
  close(ends[1]);
  io_uring_queue_exit(&ring);
}

}  // namespace

int main() {
  run("broken", false);
  run("fixed", true);
}
