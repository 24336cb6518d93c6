// What does a timeout linked to each receive cost? A small difference is measured in rounds, in
// changing order, as processor time and not by the clock. Each round compares a receive with a
// timeout to one without; and one without to another without, which shows the noise. Needs Linux
// 5.6.
// Try it: ./23-timeouts-price

#include <liburing.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

constexpr int rounds = 15;
constexpr int receives = 5000;
enum Form { without, without_again, with_time_out, forms };

io_uring ring;
int ends[2];
char byte;  // the kernel's while a receive is in flight

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check(int result, const char* what) {
  if (result < 0) {
    errno = -result;
    fail(what);
  }
  return result;
}

double processor_us() {
  timespec time{};
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

/// Submits a receive, sends the byte, and takes every completion.
void receive(bool limited) {
  static __kernel_timespec minute{60, 0};
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, ends[0], &byte, 1, 0);
  if (limited) {
    io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
    io_uring_prep_link_timeout(io_uring_get_sqe(&ring), &minute, 0);
  }
  check(io_uring_submit(&ring), "io_uring_submit");
  if (send(ends[1], "a", 1, MSG_NOSIGNAL) != 1) fail("send");
  for (int completions = limited ? 2 : 1; completions > 0; --completions) {
    io_uring_cqe* cqe = nullptr;
    check(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    io_uring_cqe_seen(&ring, cqe);
  }
}

double cost_us(Form form) {
  const double before = processor_us();
  for (int i = 0; i < receives; ++i) receive(form == with_time_out);
  return (processor_us() - before) / receives;
}

void print(const char* title, std::vector<double> ratios) {
  std::sort(ratios.begin(), ratios.end());
  std::printf("%-17s %.2f (%.2f to %.2f)\n", title, ratios[rounds / 2], ratios.front(),
              ratios.back());
}

}  // namespace

int main() {
  check(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return 1;
  std::mt19937 dice{std::random_device{}()};
  std::array<Form, forms> order = {without, without_again, with_time_out};
  (void)cost_us(with_time_out);  // warms up
  std::vector<double> noise;
  std::vector<double> price;
  for (int round = 0; round < rounds; ++round) {
    std::array<double, forms> found{};
    std::shuffle(order.begin(), order.end(), dice);
    for (const Form form : order) found[form] = cost_us(form);
    noise.push_back(found[without_again] / found[without]);
    price.push_back(found[with_time_out] / found[without]);
  }
  print("without, again", noise);
  print("with a timeout", price);
  io_uring_queue_exit(&ring);
}
