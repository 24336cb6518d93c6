// A read, and linked to it the timeout that may cancel it. Both have a completion, and each of the
// two is awaited. The read's own completion tells what became of the read; only the timeout's tells
// whether it was the timeout (-ETIME) that cancelled it, or we. (Not shown: a timeout that expires
// while the read is ending; 6.18 then says -ENOENT, and the bytes are there.) The kernel reads the
// timespec when it is submitted: changes before that count, changes after it do not
// (IORING_FEAT_SUBMIT_STABLE). BROKEN: a timespec that is gone before that; a pair that is cut in
// two by a submission. Needs Linux 5.6.
// Try it: ./13-linked-timeout

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace {

enum Name : __u64 { reading, timing, cancelling };  // what the completions are told apart by

io_uring ring;
int ours, theirs;  // two ends of a connection
char buffer[64];   // not given back before the read's own completion
constexpr __kernel_timespec moment{0, 10'000'000}, hour{3600, 0};

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

void prepare_read(int fd) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, fd, buffer, sizeof buffer, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);  // the next one belongs to this one
  io_uring_sqe_set_data64(sqe, reading);
}

void prepare_timeout(const __kernel_timespec& time, unsigned flags = 0) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_link_timeout(sqe, const_cast<__kernel_timespec*>(&time), flags);
  io_uring_sqe_set_data64(sqe, timing);
}

void submit() { check_result(io_uring_submit(&ring), "io_uring_submit"); }
void bytes_come() { check(write(theirs, "hello", 5), "write"); }

std::string text(int result) {
  return result < 0 ? std::string("-") + strerrorname_np(-result) : std::to_string(result);
}

void await_all(const char* title, int completions = 2) {
  int results[3] = {};
  for (; completions > 0; --completions) {
    io_uring_cqe* cqe = nullptr;
    check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    results[io_uring_cqe_get_data64(cqe)] = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
  std::printf("%-34s %-12s %s\n", title, text(results[reading]).c_str(),
              text(results[timing]).c_str());
}

void outcomes() {
  bytes_come();
  prepare_read(ours);
  prepare_timeout(hour);
  submit();
  await_all("bytes are there");
  prepare_read(ours);
  prepare_timeout(hour);
  submit();
  bytes_come();
  await_all("bytes come in time");
  prepare_read(ours);
  prepare_timeout(moment);
  submit();
  await_all("nothing comes");
  prepare_read(ours);
  prepare_timeout(hour);
  submit();
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_cancel64(sqe, reading, 0);
  io_uring_sqe_set_data64(sqe, cancelling);
  submit();
  await_all("cancelled by us", 3);
  prepare_read(-1);
  prepare_timeout(hour);
  submit();
  await_all("no such descriptor");
}

void lifetimes() {
  __kernel_timespec time = moment;
  prepare_read(ours);
  prepare_timeout(time);
  submit();
  time = hour;
  await_all("its memory is an hour after submit");
  time = hour;
  prepare_read(ours);
  prepare_timeout(time);
  time = {};
  submit();
  await_all("broken: its memory is 0 before");
  prepare_read(ours);
  submit();
  prepare_timeout(moment);
  submit();
  bytes_come();
  await_all("broken: submitted one by one");
}

/// A whole exchange has one deadline, however many reads it takes.
void absolute() {
  timespec now{};
  check(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
  const long long at_ns = now.tv_sec * 1'000'000'000LL + now.tv_nsec + 20'000'000;
  const __kernel_timespec deadline{at_ns / 1'000'000'000, at_ns % 1'000'000'000};
  bytes_come();
  prepare_read(ours);
  prepare_timeout(deadline, IORING_TIMEOUT_ABS);
  submit();
  await_all("until a deadline: a first read");
  prepare_read(ours);
  prepare_timeout(deadline, IORING_TIMEOUT_ABS);
  submit();
  await_all("until the same: a second one");
}

}  // namespace

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  ours = ends[0];
  theirs = ends[1];
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  std::printf("%-34s %-12s %s\n", "", "the read", "its time-out");
  outcomes();
  lifetimes();
  absolute();
  io_uring_queue_exit(&ring);
  close(ours);
  close(theirs);
}
