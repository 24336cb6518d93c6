// A read, and linked to it the timeout that may cancel it. Both have a completion, and each of the
// two is awaited. The read's own completion tells what became of the read; only the timeout's tells
// whether it was the timeout (-ETIME) that cancelled it, or we. (Not shown: a timeout that expires
// while the read is ending; 6.18 then says -ENOENT, and the bytes are there.) The kernel reads the
// timespec when it is submitted: changes before that count, changes after it do not
// (IORING_FEAT_SUBMIT_STABLE). BROKEN: a timespec that is gone before that; a pair that is cut in
// two by a submission. Needs Linux 5.6.
// Try it: ./07-linked-timeout

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace {

enum UserData : __u64 { reading, timing, cancelling };

io_uring ring;
int ours;
int theirs;       // the other end of the connection
char buffer[64];  // the kernel's until the read's own completion
constexpr __kernel_timespec moment{0, 10'000'000};
constexpr __kernel_timespec hour{3600, 0};

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

void prepare_read(int fd) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, fd, buffer, sizeof buffer, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);  // to the next request, its timeout
  io_uring_sqe_set_data64(sqe, reading);
}

void prepare_timeout(const __kernel_timespec& time) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_link_timeout(sqe, const_cast<__kernel_timespec*>(&time), 0);
  io_uring_sqe_set_data64(sqe, timing);
}

void submit() { check_result(io_uring_submit(&ring), "io_uring_submit"); }

/// A read with a linked timeout, in one submission.
void submit_pair(int fd, const __kernel_timespec& time) {
  prepare_read(fd);
  prepare_timeout(time);
  submit();
}

void bytes_come() { check(write(theirs, "hello", 5), "write"); }

std::string text(int result) {
  return result < 0 ? std::string("-") + strerrorname_np(-result) : std::to_string(result);
}

void await_all(const char* title, const char* asked_for, int completions = 2) {
  int results[3] = {};
  for (int i = 0; i < completions; ++i) {
    io_uring_cqe* cqe = nullptr;
    check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    results[io_uring_cqe_get_data64(cqe)] = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
  std::printf("%-34s %-10s %-12s %s\n", title, asked_for, text(results[reading]).c_str(),
              text(results[timing]).c_str());
}

void outcomes() {
  bytes_come();
  submit_pair(ours, hour);
  await_all("bytes are there", "an hour");

  submit_pair(ours, hour);
  bytes_come();
  await_all("bytes come in time", "an hour");

  submit_pair(ours, moment);
  await_all("nothing comes", "10 ms");

  submit_pair(ours, hour);
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_cancel64(sqe, reading, 0);
  io_uring_sqe_set_data64(sqe, cancelling);
  submit();
  await_all("cancelled by us", "an hour", 3);

  submit_pair(-1, hour);
  await_all("no such descriptor", "an hour");
}

void lifetimes() {
  __kernel_timespec time = moment;
  submit_pair(ours, time);
  time = hour;
  await_all("length overwritten after submit", "10 ms");

  time = hour;
  prepare_read(ours);
  prepare_timeout(time);
  time = {};
  submit();
  await_all("broken: overwritten before submit", "an hour");

  prepare_read(ours);
  submit();
  prepare_timeout(moment);
  submit();
  bytes_come();
  await_all("broken: submitted one by one", "10 ms");
}

long long now_ns() {
  timespec now{};
  check(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

/// The rest of a deadline. The kernel would take the deadline itself (IORING_TIMEOUT_ABS) for a
/// time of the machine's clock, which differs from ours in a time namespace: time_namespaces(7).
__kernel_timespec left_until(long long deadline_ns) {
  const long long left_ns = std::max(deadline_ns - now_ns(), 0LL);
  return {left_ns / 1'000'000'000, left_ns % 1'000'000'000};
}

/// A whole conversation has one deadline, however many reads it takes.
void one_deadline() {
  const long long deadline_ns = now_ns() + 20'000'000;
  bytes_come();
  submit_pair(ours, left_until(deadline_ns));
  await_all("until a deadline: a first read", "20 ms");

  submit_pair(ours, left_until(deadline_ns));
  await_all("until the same: a second one", "the rest");
}

}  // namespace

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  ours = ends[0];
  theirs = ends[1];
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  std::printf("%-34s %-10s %-12s %s\n", "", "asked for", "the read", "its timeout");
  outcomes();
  lifetimes();
  one_deadline();
  io_uring_queue_exit(&ring);
  close(ours);
  close(theirs);
}
