// A cancel request names another request by its user_data, and always gets an answer: 0, it is
// cancelled; -ENOENT, it had ended, or a worker thread of the kernel is just beginning or leaving
// it; -EALREADY, such a thread is at it and has been told. io_uring_prep_cancel(3). Which of them
// comes is a race, so a program must be ready for each. None says what became of the read, only the
// read's own completion does. Needs Linux 5.7 (splice).
// Try it: ./14-cancel-race

#include <fcntl.h>
#include <liburing.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

namespace {

constexpr int tries = 10'000;
enum UserData : __u64 { the_read, the_cancel };

io_uring ring;
int ours;
int theirs;  // the other end of the connection
int in[2];   // two pipes, for an operation that
int out[2];  // a worker thread of the kernel has to do
char byte;
std::atomic<int> asked = 0;  // the number of the try in which the other thread is to write

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

void write_byte() { check(write(theirs, "!", 1), "write"); }

void submit(io_uring_sqe* sqe, UserData user_data) {
  io_uring_sqe_set_data64(sqe, user_data);
  check_result(io_uring_submit(&ring), "io_uring_submit");
}

void submit_read() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, ours, &byte, 1, 0);
  submit(sqe, the_read);
}

struct Results {
  int read;
  int cancel;
};

/// Waits for both completions, in either order.
Results await_both() {
  int results[2];
  for (int n = 0; n < 2; ++n) {
    io_uring_cqe* cqe = nullptr;
    check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    results[io_uring_cqe_get_data64(cqe)] = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
  return {results[the_read], results[the_cancel]};
}

template <typename Body>
void run(const char* title, int times, Body submit_first) {
  std::map<int, int> answers{{0, 0}, {-ENOENT, 0}, {-EALREADY, 0}};
  int received = 0;
  int in_socket = 0;
  int lost = 0;
  for (int i = 0; i < times; ++i) {
    const bool sent = submit_first(i);
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_cancel64(sqe, the_read, 0);
    submit(sqe, the_cancel);
    const Results results = await_both();
    ++answers.at(results.cancel);
    if (!sent) continue;
    if (results.read == 1) {
      ++received;
    } else if (recv(ours, &byte, 1, 0) == 1) {
      ++in_socket;
    } else {
      ++lost;
    }
  }
  std::printf("%-16s %6d %8d %10d %9d %10d %5d\n", title, answers[0], answers[-ENOENT],
              answers[-EALREADY], received, in_socket, lost);
}

}  // namespace

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  ours = ends[0];
  theirs = ends[1];
  const timeval second{1, 0};  // for recv(2), not for the ring
  check(setsockopt(ours, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second), "setsockopt");
  check(pipe2(in, O_CLOEXEC), "pipe2");
  check(pipe2(out, O_CLOEXEC), "pipe2");
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  std::thread other([] {
    for (int i = 1; i <= tries; ++i) {
      while (asked != i) std::this_thread::yield();
      write_byte();
    }
  });
  std::puts("                      0  -ENOENT  -EALREADY  received  in socket  lost");
  run("a byte had come", 1000, [](int) {
    write_byte();
    submit_read();
    return true;
  });
  run("no byte comes", 1000, [](int) {
    submit_read();
    return false;
  });
  run("a byte comes now", tries, [](int i) {
    submit_read();
    asked = i + 1;
    if (i % 2 == 0) usleep(static_cast<unsigned>(i % 100));
    return true;
  });
  other.join();
  run("a worker waits", 100, [](int) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_splice(sqe, in[0], -1, out[1], -1, 1, 0);
    submit(sqe, the_read);
    usleep(1000);  // for the worker to begin
    return false;
  });
  io_uring_queue_exit(&ring);
}
