// A cancel has been answered: is the memory yours again? An io worker reads a large file into
// memory, and is cancelled in the middle. Then the memory is put to another use, at the cancel's
// answer or at the read's completion, and in the end we look whether the kernel has written into
// it after that. Needs Linux 5.6. Try it: ./18-still-writing

#include <fcntl.h>
#include <liburing.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

constexpr int tries = 20;
constexpr std::size_t size = 32 << 20;  // some milliseconds of copying
enum UserData : __u64 { the_read, the_cancel };

io_uring ring;
int file;
std::string memory(size, '?');

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

void write_the_file() {
  file = check(memfd_create("file", MFD_CLOEXEC), "memfd_create");
  const std::string block(1 << 20, '!');
  for (std::size_t at = 0; at < size; at += block.size()) {
    check(static_cast<int>(write(file, block.data(), block.size())), "write");
  }
}

/// Returns when the kernel begins to write into `memory`.
void begin_reading() {
  memory.front() = '?';
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_read(sqe, file, memory.data(), size, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);  // by an io worker, as with a file on a slow disk
  io_uring_sqe_set_data64(sqe, the_read);
  check_result(io_uring_submit(&ring), "io_uring_submit");
  while (std::atomic_ref(memory.front()) == '?') std::this_thread::yield();
}

void submit_cancel() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_cancel64(sqe, the_read, 0);
  io_uring_sqe_set_data64(sqe, the_cancel);
  check_result(io_uring_submit(&ring), "io_uring_submit");
}

struct Completion {
  __u64 of;
  int result;
};

Completion next() {
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const Completion completion{io_uring_cqe_get_data64(cqe), cqe->res};
  io_uring_cqe_seen(&ring, cqe);
  return completion;
}

void cancel_and_reuse(const char* title, UserData reuse_at) {
  int already = 0;
  int overwritten = 0;
  for (int i = 0; i < tries; ++i) {
    begin_reading();
    submit_cancel();
    for (int n = 0; n < 2; ++n) {  // the cancel's answer, and the read's completion
      const auto completion = next();
      if (completion.result == -EALREADY) ++already;
      if (completion.of == reuse_at) memory.back() = '#';
    }
    if (memory.back() != '#') ++overwritten;
  }
  std::printf("%-40s %9d %12d\n", title, already, overwritten);
}

}  // namespace

int main() {
  write_the_file();
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  std::puts("                                         -EALREADY  overwritten");
  cancel_and_reuse("broken, used at the cancel's answer", the_cancel);
  cancel_and_reuse("fixed, used at the read's completion", the_read);
  io_uring_queue_exit(&ring);
}
