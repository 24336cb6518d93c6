// A thread without a ring puts a completion into one: IORING_REGISTER_SEND_MSG_RING takes the entry
// of an IORING_OP_MSG_RING, and is a system call that is over when it returns. So a plain thread
// wakes a loop without an eventfd and without a read that waits for it. Needs Linux 6.13; on an
// older kernel it says so. Try it: ./47-wake-from-a-thread

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

namespace {

constexpr unsigned register_send_msg_ring = 31;  // liburing 2.3 has no name for it
constexpr __u64 work = 7;

// [send]
/// From any thread, to the ring with this descriptor.
int send(int ring, int value) {
  io_uring_sqe sqe{};
  io_uring_prep_msg_ring(&sqe, ring, static_cast<unsigned>(value), work, 0);
  const long result = ::syscall(SYS_io_uring_register, -1, register_send_msg_ring, &sqe, 1);
  return result < 0 ? -errno : 0;
}
// [/send]

}  // namespace

int main() {
  if (send(STDERR_FILENO, 0) == -EINVAL) {
    std::puts("no message without a ring: Linux 6.13 has it");
    return 80;
  }
  io_uring ring{};
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;  // as the loop's
  if (const int result = io_uring_queue_init_params(4, &ring, &params); result < 0) {
    std::fprintf(stderr, "no ring: %s\n", std::strerror(-result));
    return 1;
  }
  std::thread other([&ring] {
    ::usleep(10'000);  // the ring's thread sleeps by now
    for (int value = 1; value <= 3; ++value) {
      std::printf("sent: %d\n", send(ring.ring_fd, value * value));
      ::usleep(10'000);
    }
  });
  for (int n = 0; n < 3; ++n) {
    io_uring_cqe* cqe = nullptr;
    if (io_uring_wait_cqe(&ring, &cqe) < 0) break;
    std::printf("received: user_data %llu, result %d\n", cqe->user_data, cqe->res);
    io_uring_cqe_seen(&ring, cqe);
  }
  other.join();
  std::printf("to no ring: %s\n", strerrorname_np(-send(STDERR_FILENO, 1)));
  io_uring_queue_exit(&ring);
}
