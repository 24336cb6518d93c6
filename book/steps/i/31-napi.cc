// A network card keeps its packets in queues, and NAPI is what empties them: at an interrupt, or
// because a thread looks ("busy polling"). A ring whose waits shall look before they sleep is told
// for how long (IORING_REGISTER_NAPI, Linux 6.9). It learns the queues from the sockets it polls.
// Over the loopback no packet comes from a queue: the socket has no NAPI id, the ring has nothing
// to look at, and a wait sleeps as before.
// Try it: ./31-napi   or, with a server on another machine to connect to: ./31-napi ADDRESS PORT

#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr unsigned register_napi = 27;  // since 6.9; liburing 2.3 has no name for it
constexpr unsigned unregister_napi = 28;
constexpr unsigned look_us = 10'000;  // busy_poll_to; newer kernels take no more

struct Napi {
  __u32 busy_poll_us = 0;
  __u8 prefer_busy_poll = 0;  // as SO_PREFER_BUSY_POLL: the queue's interrupts stay off meanwhile
  __u8 pad[3] = {};           // 6.13 has more here: which queues, instead of those it learns
  __u64 reserved = 0;
};

io_uring ring;

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

int call_register(unsigned what, Napi& napi) {
  return static_cast<int>(syscall(__NR_io_uring_register, ring.ring_fd, what, &napi, 1));
}

/// For what returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

/// A connection to another machine, or one over the loopback.
int connected(int argc, char** argv) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  if (argc == 3) {
    check(inet_pton(AF_INET, argv[1], &address.sin_addr) - 1, "inet_pton");
    address.sin_port = htons(static_cast<in_port_t>(std::atoi(argv[2])));
  } else {
    socklen_t bytes = sizeof address;
    const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    check(bind(listener, name, bytes), "bind");
    check(getsockname(listener, name, &bytes), "getsockname");
    check(listen(listener, 1), "listen");
  }
  const int connection = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(connect(connection, name, sizeof address), "connect");
  return connection;
}

/// The card's queue from which packets come, or 0.
int napi_id(int connection) {
  int id = -1;
  socklen_t bytes = sizeof id;
  check(getsockopt(connection, SOL_SOCKET, SO_INCOMING_NAPI_ID, &id, &bytes), "getsockopt");
  return id;
}

double processor_ms() {
  timespec time{};
  check(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time), "clock_gettime");
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// Waits 50 ms for bytes that do not come. Returns the processor's time.
double wait_in_vain(int connection) {
  static char bytes[16];  // the kernel's to the end
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, connection, bytes, sizeof bytes, 0);
  check_result(io_uring_submit(&ring), "io_uring_submit");
  __kernel_timespec timeout{0, 50'000'000};
  io_uring_cqe* cqe = nullptr;
  const double before = processor_ms();
  if (io_uring_wait_cqes(&ring, &cqe, 1, &timeout, nullptr) != -ETIME) std::puts("not in vain");
  return processor_ms() - before;
}

}  // namespace

int main(int argc, char** argv) {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  const int connection = connected(argc, argv);
  const double asleep = wait_in_vain(connection);
  Napi napi;
  napi.busy_poll_us = look_us;
  napi.prefer_busy_poll = 1;
  if (call_register(register_napi, napi) < 0) {
    std::printf("no busy polling for a ring: -%s (Linux 6.9 has it)\n", strerrorname_np(errno));
    return 80;
  }
  std::printf("registered; before, the ring looked for %u us\n", napi.busy_poll_us);
  std::printf("the connection's NAPI id: %d\n", napi_id(connection));
  const bool looks = wait_in_vain(connection) > asleep + look_us / 1e3 / 10;
  std::printf("a wait %s\n", looks ? "looks before it sleeps" : "sleeps as before");
  check(call_register(unregister_napi, napi), "IORING_UNREGISTER_NAPI");
  std::printf("unregistered; until now it was %u us\n", napi.busy_poll_us);
  io_uring_queue_exit(&ring);
}
