// A user makes a named pipe of her .plan, and an open waits until a process writes to it: for ever.
// The loop goes on; the open blocks a worker thread of the kernel, one for each query. A timeout
// that is linked to the open does not reach it there; a cancel request does. BROKEN: open without
// O_NONBLOCK. Fixed: with O_NONBLOCK it opens immediately, and fstat(2) says what it is. (When the
// ring first tries an open inline, it adds O_NONBLOCK itself; IOSQE_ASYNC sends it to a thread,
// where it may go for other reasons, too.) Needs Linux 5.6.
// Try it: ./03-fifo-trap

#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

enum UserData : __u64 { open_it = 1, timeout, cancel };
constexpr char path[] = "plan-that-is-a-fifo";

io_uring ring;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int check(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

std::string text(int result) {
  if (result >= 0) return "done";
  const char* name = strerrorname_np(-result);  // none for an error of the kernel's own use
  return name != nullptr ? std::string("-") + name : std::to_string(result);
}

void submit() { check_result(io_uring_submit(&ring), "io_uring_submit"); }

/// Takes the completions that come within that time, in any order. Returns the open's result, or
/// -EINPROGRESS if it is still in flight.
int completions(unsigned wait_ms, unsigned expected) {
  int opened = -EINPROGRESS;
  __kernel_timespec time{.tv_sec = 0, .tv_nsec = wait_ms * 1'000'000};
  for (unsigned i = 0; i < expected; ++i) {
    io_uring_cqe* cqe = nullptr;
    if (io_uring_wait_cqe_timeout(&ring, &cqe, &time) < 0) break;
    if (io_uring_cqe_get_data64(cqe) == open_it) opened = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
  return opened;
}

io_uring_sqe* prepare_open(int flags) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_openat(sqe, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | flags, 0);
  io_uring_sqe_set_data64(sqe, open_it);
  io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
  return sqe;
}

void broken() {
  std::puts("broken: open");
  static __kernel_timespec patience{.tv_sec = 0, .tv_nsec = 100'000'000};  // read at the submission
  io_uring_sqe* sqe = prepare_open(0);
  io_uring_sqe_set_flags(sqe, IOSQE_ASYNC | IOSQE_IO_LINK);
  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_link_timeout(sqe, &patience, 0);
  io_uring_sqe_set_data64(sqe, timeout);
  submit();
  const bool waits = completions(500, 2) == -EINPROGRESS;
  std::printf("  a linked timeout of 100 ms, after 500 ms: %s\n", waits ? "still waits" : "over");

  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_cancel64(sqe, open_it, 0);
  io_uring_sqe_set_data64(sqe, cancel);
  submit();
  if (waits) std::printf("  cancelled: %s\n", text(completions(5000, 3)).c_str());
}

void fixed() {
  std::puts("fixed: open with O_NONBLOCK");
  (void)prepare_open(O_NONBLOCK);
  submit();
  const int file = completions(5000, 1);
  std::printf("  open: %s\n", text(file).c_str());
  struct stat status {};
  check(fstat(file, &status), "fstat");
  std::printf("  a regular file: %s\n", S_ISREG(status.st_mode) ? "yes" : "no");
  close(file);
}

}  // namespace

int main() {
  char directory[] = "/tmp/03-fifo-trap-XXXXXX";
  if (mkdtemp(directory) == nullptr) fail(directory);
  check(chdir(directory), "chdir");
  check(mkfifo(path, 0600), "mkfifo");
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  fixed();
  broken();
  io_uring_queue_exit(&ring);
  unlink(path);
  rmdir(directory);
}
