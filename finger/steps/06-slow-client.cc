// A client that sends a byte now and then, and never a whole line. BROKEN: every receive has a
// timeout of its own, linked to it: each byte starts a new one, and the client keeps its connection
// as long as it likes. Fixed: one absolute deadline for the whole conversation, a timeout on the
// monotonic clock that is submitted once; when it expires, the operation in flight is cancelled.
// Needs Linux 5.6.
// Try it: ./06-slow-client

#include <liburing.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

constexpr long long patience_ns = 300'000'000;
constexpr int bytes_sent_max = 40;
constexpr int pause_us = 30'000;
enum UserData : __u64 { receive = 1, deadline, cancel };

io_uring ring;
char byte;  // the kernel's while a receive is in flight

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

long long now_ns() {
  timespec now{};
  check(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

__kernel_timespec timespec_of(long long ns) { return {ns / 1'000'000'000, ns % 1'000'000'000}; }

io_uring_sqe* get_sqe(UserData user_data) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_sqe_set_data64(sqe, user_data);  // io_uring_prep_… leaves it alone
  return sqe;
}

struct Completion {
  __u64 user_data;
  int result;
};

/// Submits what was prepared, and returns the next completion.
Completion next() {
  check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const Completion completion{cqe->user_data, cqe->res};
  io_uring_cqe_seen(&ring, cqe);
  return completion;
}

/// Both return how many bytes they have read when they or the client give up.
int a_timeout_each(int client) {
  __kernel_timespec time = timespec_of(patience_ns);
  int bytes = 0;
  while (true) {
    io_uring_sqe* sqe = get_sqe(receive);
    io_uring_prep_recv(sqe, client, &byte, 1, 0);
    io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
    io_uring_prep_link_timeout(get_sqe(deadline), &time, 0);
    const Completion one = next();
    const Completion other = next();
    if ((one.user_data == receive ? one : other).result <= 0) return bytes;
    ++bytes;
  }
}

int one_deadline(int client) {
  __kernel_timespec time = timespec_of(patience_ns);
  io_uring_prep_timeout(get_sqe(deadline), &time, 0, 0);
  io_uring_prep_recv(get_sqe(receive), client, &byte, 1, 0);
  bool overdue = false;
  int bytes = 0;
  while (true) {
    const Completion completion = next();
    if (completion.user_data == deadline) {
      overdue = true;
      io_uring_prep_cancel64(get_sqe(cancel), receive, 0);
    } else if (completion.user_data == receive) {
      if (completion.result <= 0 || overdue) return bytes;  // `byte` is ours again
      ++bytes;
      io_uring_prep_recv(get_sqe(receive), client, &byte, 1, 0);
    }
  }
}

template <typename Serve>
void run(const char* title, Serve serve) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  std::thread client([theirs = ends[1]] {
    for (int i = 0; i < bytes_sent_max; ++i) {
      if (send(theirs, "a", 1, MSG_NOSIGNAL) < 0) break;
      usleep(pause_us);
    }
    shutdown(theirs, SHUT_WR);
  });
  const long long began = now_ns();
  const int bytes = serve(ends[0]);
  const long long ms = (now_ns() - began) / 1'000'000;
  std::printf("%s: held for %lld ms, %d bytes, %s\n", title, ms, bytes,
              bytes < bytes_sent_max ? "and then closed" : "as long as the client liked");
  close(ends[0]);
  client.join();
  close(ends[1]);
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  run("broken, 300 ms a receive   ", a_timeout_each);
  run("fixed, 300 ms an exchange  ", one_deadline);
  io_uring_queue_exit(&ring);
}
