// A cancel request names another request by its user_data, and always gets an answer: 0, it is
// cancelled; -ENOENT, it had ended, or a worker thread of the kernel is just beginning or leaving
// it; -EALREADY, such a thread is at it and has been told. io_uring_prep_cancel(3). Which of them
// comes is a race, so a program must be ready for each. None says what became of the read: only the
// read's own completion does, and until then the buffer belongs to the kernel. Needs Linux 5.7
// (splice).
// Try it: ./14-cancel-race

#include <fcntl.h>
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

constexpr int tries = 10'000;
constexpr int restart = 512;  // ERESTARTSYS, of a worker thread that was interrupted
enum UserData : __u64 { original, cancel };

io_uring ring;
int ours;
int theirs;                  // the other end of the connection
int in[2];                   // two pipes, for an operation that
int out[2];                  // a worker thread of the kernel has to do
std::string buffers;         // each try has a byte of its own
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

void read_byte(int i) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, ours, &buffers[static_cast<std::size_t>(i)], 1, 0);
  submit(sqe, original);
}

struct Outcomes {
  int cancelled = 0;
  int not_found = 0;
  int already = 0;
  int others = 0;

  /// Waits for both completions, in either order; then the buffer of this try is ours again.
  /// Returns the result of the original request.
  int await_both() {
    int results[2];
    for (int n = 0; n < 2; ++n) {
      io_uring_cqe* cqe = nullptr;
      check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
      results[io_uring_cqe_get_data64(cqe)] = cqe->res;
      io_uring_cqe_seen(&ring, cqe);
    }
    const auto [result, answer] = results;
    if (answer == 0 && result == -ECANCELED) {
      ++cancelled;
    } else if (answer == -ENOENT && (result == 1 || result == -restart)) {
      ++not_found;
    } else if (answer == -EALREADY) {
      ++already;
    } else {
      ++others;
    }
    return result;
  }
};

template <typename Body>
void run(const char* title, int times, Body before_cancel) {
  buffers.assign(tries, '?');
  Outcomes outcomes;
  int lost = 0;
  for (int i = 0; i < times; ++i) {
    const bool sent = before_cancel(i);
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_cancel64(sqe, original, 0);
    submit(sqe, cancel);
    const bool arrived = outcomes.await_both() > 0;
    char& byte = buffers[static_cast<std::size_t>(i)];
    if (!arrived && sent) check(recv(ours, &byte, 1, 0), "recv");  // it is still in the socket
    lost += byte != (sent ? '!' : '?');
    byte = '#';  // given to another use
  }
  const auto late = times - std::count(buffers.begin(), buffers.begin() + times, '#');
  std::printf("%-16s %7d %8d %10d %7d %6d %6td\n", title, outcomes.cancelled, outcomes.not_found,
              outcomes.already, outcomes.others, lost, late);
}

}  // namespace

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  ours = ends[0];
  theirs = ends[1];
  check(pipe2(in, O_CLOEXEC), "pipe2");
  check(pipe2(out, O_CLOEXEC), "pipe2");
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  std::thread other([] {
    for (int i = 1; i <= tries; ++i) {
      while (asked != i) std::this_thread::yield();
      write_byte();
    }
  });
  std::puts("                       0  -ENOENT  -EALREADY  others   lost   late");
  run("a byte had come", 1000, [](int i) {
    write_byte();
    read_byte(i);
    return true;
  });
  run("no byte comes", 1000, [](int i) {
    read_byte(i);
    return false;
  });
  run("a byte comes now", tries, [](int i) {
    read_byte(i);
    asked = i + 1;
    if (i % 2 == 0) usleep(static_cast<unsigned>(i % 100));
    return true;
  });
  other.join();
  run("a worker waits", 100, [](int) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_splice(sqe, in[0], -1, out[1], -1, 1, 0);
    submit(sqe, original);
    usleep(1000);  // for the worker to begin
    return false;
  });
  io_uring_queue_exit(&ring);
}
