// Requests that are younger than most: getxattr (Linux 5.19), a read that goes on (multishot read,
// 6.7: for pipes, timers and what else can be polled), ftruncate (6.9), pipe (6.16). One that the
// kernel does not know fails with EINVAL.
// Try it: ./40-more-requests

#include <liburing.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

// liburing 2.3 has no names for these.
constexpr __u8 op_read_multishot = 49;  // since 6.7
constexpr __u8 op_ftruncate = 55;       // since 6.9
constexpr __u8 op_pipe = 62;            // since 6.16

io_uring ring;

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

std::string text(int result) {
  return result < 0 ? std::string("-") + strerrorname_np(-result) : std::to_string(result);
}

/// Submits what is prepared, and waits for a result. `more`: whether the request goes on.
int result_of_one(bool* more = nullptr) {
  check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const int result = cqe->res;
  if (more != nullptr) *more = (cqe->flags & IORING_CQE_F_MORE) != 0;
  io_uring_cqe_seen(&ring, cqe);
  return result;
}

void get_attribute(int file) {
  char value[8] = {};
  (void)fsetxattr(file, "user.step", "40", 2, 0);  // not every file system has attributes
  io_uring_prep_fgetxattr(io_uring_get_sqe(&ring), file, "user.step", value, sizeof value);
  std::printf("fgetxattr: %s %s\n", text(result_of_one()).c_str(), value);
}

void truncate_file(int file) {
  io_uring_prep_rw(op_ftruncate, io_uring_get_sqe(&ring), file, nullptr, 0, 100);  // the length
  const int result = result_of_one();
  struct stat info {};
  check(fstat(file, &info), "fstat");
  std::printf("ftruncate: %s, size %lld\n", text(result).c_str(),
              static_cast<long long>(info.st_size));
}

void make_pipe() {
  int ends[2] = {-1, -1};
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_rw(op_pipe, sqe, 0, ends, 0, 0);
  const int result = result_of_one();
  std::printf("pipe: %s, descriptors %d and %d\n", text(result).c_str(), ends[0], ends[1]);
}

/// One request, and a completion each time that something was written.
void keep_reading() {
  static char buffers[4][8];  // from which the kernel takes one each time
  io_uring_prep_provide_buffers(io_uring_get_sqe(&ring), buffers, sizeof buffers[0], 4, 0, 0);
  check_result(result_of_one(), "IORING_OP_PROVIDE_BUFFERS");
  int ends[2];
  check(pipe2(ends, O_CLOEXEC), "pipe2");
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_rw(op_read_multishot, sqe, ends[0], nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  std::printf("read:");
  bool more = true;
  for (int written = 1; more; ++written) {
    check(static_cast<int>(write(ends[1], "abc", static_cast<std::size_t>(written % 4))), "write");
    if (written == 4) close(ends[1]);
    std::printf(" %s", text(result_of_one(&more)).c_str());
  }
  std::puts("");
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  const int file = check(memfd_create("a file", MFD_CLOEXEC), "memfd_create");
  get_attribute(file);
  truncate_file(file);
  make_pipe();
  keep_reading();
  io_uring_queue_exit(&ring);
}
