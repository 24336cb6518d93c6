// To wait for one completion means a wake-up for each; to wait for eight saves wake-ups, and lasts
// to the time limit if fewer come. With a minimal wait (Linux 6.12) a call collects for so long.
// Then it returns if anything has come, and otherwise waits for one, until the time limit. BROKEN:
// without a time limit the minimal wait is the limit, and the call fails with -ETIME. (A request of
// IORING_OP_TIMEOUT is no good for trying this: it ends every wait, whatever that is for.)
// Try it: ./30-min-wait

#include <liburing.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr unsigned feature_min_timeout = 1U << 15;  // IORING_FEAT_MIN_TIMEOUT, since 6.12
constexpr unsigned messages_max = 8;
constexpr milliseconds interval(40);

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check(int result, const char* what) {
  if (result < 0) {
    errno = -result;
    std::perror(what);
    std::exit(1);
  }
  return result;
}

struct Wait {
  unsigned completions;
  milliseconds at_least;
  milliseconds at_most;  // 0: no limit
};

/// Waits once. Returns 0 or a negative errno.
// [enter]
int enter(const io_uring& ring, const Wait& wait) {
  __kernel_timespec limit{wait.at_most.count() / 1000, wait.at_most.count() % 1000 * 1'000'000};
  const auto min_wait_us = static_cast<__u32>(wait.at_least.count() * 1000);
  io_uring_getevents_arg argument{0, 0, min_wait_us, 0};  // before Linux 6.12 its name was "pad"
  if (wait.at_most.count() > 0) argument.ts = reinterpret_cast<__u64>(&limit);
  const long result =
      syscall(SYS_io_uring_enter, ring.ring_fd, 0, wait.completions,
              IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, sizeof argument);
  return result < 0 ? -errno : 0;
}
// [/enter]

milliseconds since(Clock::time_point then) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - then);
}

/// So many receives are under way, and messages come 40 ms apart, the first after `first`. Prints
/// how many each wake-up brings.
void run(const char* title, unsigned messages, milliseconds first, const Wait& wait) {
  io_uring ring;
  check(io_uring_queue_init(messages_max, &ring, 0), "io_uring_queue_init");
  int ends[messages_max][2];
  char bytes[messages_max];
  for (unsigned i = 0; i < messages; ++i) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends[i]) < 0)
      check(-errno, "socketpair");
    io_uring_prep_recv(io_uring_get_sqe(&ring), ends[i][0], &bytes[i], 1, 0);
  }
  check(io_uring_submit(&ring), "io_uring_submit");
  const auto begin = Clock::now();
  std::thread peers([&] {
    for (unsigned i = 0; i < messages; ++i) {
      std::this_thread::sleep_until(begin + first + i * interval);
      if (write(ends[i][1], "m", 1) < 0) check(-errno, "write");
    }
  });
  std::printf("%-34s", title);
  milliseconds late{};
  for (unsigned left = messages; left > 0;) {
    const int result = enter(ring, wait);
    const unsigned came = io_uring_cq_ready(&ring);
    if (came == 0) std::printf(" -%s", strerrorname_np(-result));
    if (came > 0) std::printf(" %u", came);
    if (left == messages && came > 0) late = since(begin + first);
    io_uring_cq_advance(&ring, came);
    left -= came;
  }
  std::printf("   first seen %ld ms late\n", static_cast<long>(late.count()));
  peers.join();
  io_uring_queue_exit(&ring);
  for (unsigned i = 0; i < messages; ++i) {
    close(ends[i][0]);
    close(ends[i][1]);
  }
}

bool has_min_wait() {
  io_uring ring;
  io_uring_params params{};
  check(io_uring_queue_init_params(4, &ring, &params), "io_uring_queue_init_params");
  io_uring_queue_exit(&ring);
  return (params.features & feature_min_timeout) != 0;
}

}  // namespace

int main() {
  if (!has_min_wait()) {
    std::puts("no minimal wait: Linux 6.12 has it");
    return 80;
  }
  using namespace std::chrono_literals;
  run("8 come: wait for 1", 8, 40ms, {1, 0ms, 1s});
  run("8 come: wait for 8", 8, 40ms, {8, 0ms, 1s});
  run("8 come: for 8, or 180 ms for less", 8, 40ms, {8, 180ms, 1s});
  run("3 come: wait for 8", 3, 40ms, {8, 0ms, 1s});
  run("3 come: for 8, or 180 ms for less", 3, 40ms, {8, 180ms, 1s});
  run("1 after 400 ms: the same", 1, 400ms, {8, 180ms, 1s});
  run("broken, without a limit", 1, 400ms, {8, 180ms, 0ms});
}
