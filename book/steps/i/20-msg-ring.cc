// Two threads, a ring each. A ring belongs to its thread, but a request in one ring can put a
// completion into the other (IORING_OP_MSG_RING, Linux 5.18) and wake the thread that waits there:
// no lock, no eventfd, nothing in flight on the sleeper's side. 32 bits arrive as the result and 64
// as the user_data. The sender gets a completion of its own.
// Try it: ./20-msg-ring

#include <liburing.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

enum UserData : __u64 { delivered, question, answer, stop };

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

void send(io_uring& from, int to, int value, UserData user_data) {
  io_uring_sqe* sqe = io_uring_get_sqe(&from);
  io_uring_prep_msg_ring(sqe, to, static_cast<unsigned>(value), user_data, 0);
  io_uring_sqe_set_data64(sqe, delivered);
  check_result(io_uring_submit(&from), "io_uring_submit");
}

struct Message {
  UserData user_data;
  int value;
};

Message wait(io_uring& ring) {
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const Message message{static_cast<UserData>(io_uring_cqe_get_data64(cqe)), cqe->res};
  io_uring_cqe_seen(&ring, cqe);
  return message;
}

void work(io_uring& ring, int boss) {
  while (true) {
    const auto [user_data, value] = wait(ring);
    if (user_data == stop) return;
    if (user_data == question) send(ring, boss, value * value, answer);
    if (user_data == delivered) check_result(value, "IORING_OP_MSG_RING");
  }
}

}  // namespace

int main() {
  io_uring mine;
  io_uring workers;
  check_result(io_uring_queue_init(4, &mine, 0), "io_uring_queue_init");
  check_result(io_uring_queue_init(4, &workers, 0), "io_uring_queue_init");
  std::thread worker([&] { work(workers, mine.ring_fd); });
  for (const int value : {3, 5, 12}) {
    send(mine, workers.ring_fd, value, question);
    int results[2] = {};
    for (int n = 0; n < 2; ++n) {  // in either order
      const auto [user_data, result] = wait(mine);
      results[user_data == answer ? 1 : 0] = result;
    }
    std::printf("%d sent: %d, answer: %d\n", value, results[0], results[1]);
  }
  send(mine, STDERR_FILENO, 1, question);
  std::printf("to no ring: -%s\n", strerrorname_np(-wait(mine).value));
  send(mine, workers.ring_fd, 0, stop);
  wait(mine);
  worker.join();
  io_uring_queue_exit(&workers);
  io_uring_queue_exit(&mine);
}
