// With IORING_SETUP_DEFER_TASKRUN (Linux 6.1) the rest of an operation whose socket has become
// ready is done inside our io_uring_enter(2): a piece of "task work" each. Since 6.13 (and in later
// 6.12s) a run of them is 20 pieces, or as many as the call waits for; a call that submits makes
// two runs. So a loop that waits for one completion gets 40 or 20 in a call. Here 200 sockets have
// a message each, and each is answered. A multishot receive changes nothing. To ask for more does,
// with a time limit of 0 so as not to sleep, when IORING_SETUP_TASKRUN_FLAG says that more is due.
// Try it: ./27-task-work-limit

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr unsigned short clients = 200;
constexpr unsigned short buffers = 256;  // a power of two: the kernel masks the index with it
constexpr unsigned many = 1024;
constexpr unsigned deferred = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
enum class Form { linked, multishot };

char memory[buffers][8];
io_uring_buf* entries;  // as in 17-provided-buffers

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

/// A ring with buffers, and the sockets it serves.
struct Ring : io_uring {
  int ours[clients];
  int theirs[clients];

  explicit Ring(unsigned setup_flags) {
    check_result(io_uring_queue_init(1024, this, setup_flags), "io_uring_queue_init");
    entries[0].resv = 0;
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<__u64>(entries);
    registration.ring_entries = buffers;
    check_result(io_uring_register_buf_ring(this, &registration, 0), "io_uring_register_buf_ring");
    for (unsigned short number = 0; number < buffers; ++number) give_back(number);
    for (unsigned client = 0; client < clients; ++client) {
      int ends[2];
      check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
      ours[client] = ends[0];
      theirs[client] = ends[1];
    }
  }
  ~Ring() {
    io_uring_queue_exit(this);
    for (const int fd : ours) close(fd);
    for (const int fd : theirs) close(fd);
  }
  Ring(const Ring&) = delete;

  static void give_back(unsigned short number) {
    std::atomic_ref tail(entries[0].resv);
    io_uring_buf& entry = entries[tail % buffers];
    entry.addr = reinterpret_cast<__u64>(memory[number]);
    entry.len = sizeof memory[number];
    entry.bid = number;
    tail.fetch_add(1, std::memory_order_release);
  }
};

void receive(Ring& ring, __u64 client, Form form) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, ring.ours[client], nullptr, 0, 0);
  if (form == Form::multishot) sqe->ioprio |= IORING_RECV_MULTISHOT;
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  io_uring_sqe_set_data64(sqe, client);
}

/// A send that posts nothing when it succeeds, and the next receive unless there is a multishot
/// one.
void answer(Ring& ring, __u64 client, Form form) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_send(sqe, ring.ours[client], "a", 1, MSG_DONTWAIT);
  io_uring_sqe_set_data64(sqe, client);
  if (form == Form::multishot) {
    io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
    return;
  }
  io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK);
  receive(ring, client, form);
}

/// A turn of the loop. Returns how many messages it received.
unsigned turn(Ring& ring, Form form, unsigned least) {
  // [ask]
  const bool more_are_due = (std::atomic_ref(*ring.sq.kflags).load() & IORING_SQ_TASKRUN) != 0;
  const unsigned ask_for = more_are_due ? many : least;
  __kernel_timespec no_time{};
  io_uring_cqe* cqe;
  const int result =
      ask_for == 1 ? io_uring_submit_and_wait(&ring, 1)
                   : io_uring_submit_and_wait_timeout(&ring, &cqe, ask_for, &no_time, nullptr);
  // [/ask]
  if (result != -ETIME) check_result(result, "io_uring_submit_and_wait");
  unsigned count = 0;
  unsigned head;
  io_uring_for_each_cqe(&ring, head, cqe) {
    check_result(cqe->res, "recv");
    Ring::give_back(static_cast<unsigned short>(cqe->flags >> IORING_CQE_BUFFER_SHIFT));
    answer(ring, io_uring_cqe_get_data64(cqe), form);
    ++count;
  }
  io_uring_cq_advance(&ring, count);
  return count;
}

void run(const char* title, unsigned setup_flags, Form form, unsigned least) {
  Ring ring(setup_flags);
  for (unsigned client = 0; client < clients; ++client) receive(ring, client, form);
  check_result(io_uring_submit(&ring), "io_uring_submit");
  for (const int fd : ring.theirs) check(static_cast<int>(write(fd, "m", 1)), "write");
  std::printf("%-27s", title);
  for (unsigned left = clients; left > 0;) {
    const unsigned received = turn(ring, form, least);
    left -= received;
    std::printf(" %u", received);
  }
  std::puts("");
}

}  // namespace

int main() {
  const auto page = static_cast<std::size_t>(getpagesize());
  entries = static_cast<io_uring_buf*>(std::aligned_alloc(page, page));
  run("not deferred, asks for 1", 0, Form::linked, 1);
  run("deferred, asks for 1", deferred, Form::linked, 1);
  run("the same, multishot", deferred, Form::multishot, 1);
  run("deferred, asks for 64", deferred, Form::linked, 64);
  run("1, or by the flag 1024", deferred | IORING_SETUP_TASKRUN_FLAG, Form::linked, 1);
}
