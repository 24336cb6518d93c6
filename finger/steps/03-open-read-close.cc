// A file through the ring, in two ways. Step by step, each operation after the result of the one
// before: three waits, and in between we can look at what was opened. And in one chain on a slot of
// the ring's own table: one wait, and an open that fails cancels the rest of the chain. The read
// and the close are linked hard: a read that is shorter than its buffer breaks a soft link, and the
// slot would stay in use. fingerd goes step by step: a slot has no fstat(2), and without it clients
// could read /dev/zero. Needs Linux 5.15.
// Try it: ./03-open-read-close /etc/hostname /nowhere

#include <fcntl.h>
#include <liburing.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr unsigned slot = 0;
enum UserData : __u64 { open_it, read_it, close_it, operations };

io_uring ring;
int waits = 0;
char buffer[32];  // the kernel's while a read is in flight
int results[operations];

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check(int result, const char* what) {
  if (result >= 0) return result;
  errno = -result;
  std::perror(what);
  std::exit(1);
}

std::string text(int result) {
  return result < 0 ? std::string("-") + strerrorname_np(-result) : std::to_string(result);
}

/// Submits what was prepared, and waits for all of it.
void run(unsigned count) {
  check(io_uring_submit_and_wait(&ring, count), "io_uring_submit_and_wait");
  ++waits;
  for (unsigned i = 0; i < count; ++i) {
    io_uring_cqe* cqe = nullptr;
    check(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    results[io_uring_cqe_get_data64(cqe)] = cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
}

int run_one(io_uring_sqe* sqe, UserData user_data) {
  io_uring_sqe_set_data64(sqe, user_data);
  run(1);
  return results[user_data];
}

void step_by_step(const char* path) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_openat(sqe, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
  const int file = run_one(sqe, open_it);
  if (file < 0) {
    std::printf("    open %s\n", text(file).c_str());
    return;
  }
  struct stat status {};
  check(fstat(file, &status) < 0 ? -errno : 0, "fstat");
  if (S_ISREG(status.st_mode)) {
    sqe = io_uring_get_sqe(&ring);
    io_uring_prep_read(sqe, file, buffer, sizeof buffer, 0);
    std::printf("    open, read %s, ", text(run_one(sqe, read_it)).c_str());
  } else {
    std::printf("    open, not a regular file, ");
  }
  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_close(sqe, file);
  std::printf("close %s\n", text(run_one(sqe, close_it)).c_str());
}

void in_one_chain(const char* path) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_openat_direct(sqe, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, slot);
  io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK);
  io_uring_sqe_set_data64(sqe, open_it);
  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_read(sqe, slot, buffer, sizeof buffer, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE | IOSQE_IO_HARDLINK);
  io_uring_sqe_set_data64(sqe, read_it);
  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_close_direct(sqe, slot);
  io_uring_sqe_set_data64(sqe, close_it);
  run(3);
  std::printf("    open %s, read %s, close %s\n", text(results[open_it]).c_str(),
              text(results[read_it]).c_str(), text(results[close_it]).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  check(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  check(io_uring_register_files_sparse(&ring, 1), "io_uring_register_files_sparse");
  for (int i = 1; i < argc; ++i) {
    std::printf("%s\n", argv[i]);
    for (const auto read : {step_by_step, in_one_chain}) {
      waits = 0;
      read(argv[i]);
      std::printf("      waits: %d\n", waits);
    }
  }
  io_uring_queue_exit(&ring);
}
