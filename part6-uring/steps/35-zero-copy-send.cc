// send_zc (Linux 6.0) sends from our memory, without copying it first, so the memory belongs to the
// kernel for longer than the send lasts. It has two completions: the first is the result, the
// second (IORING_CQE_F_NOTIF) returns the memory. BROKEN: memory that is used again after the
// first: a peer that reads late gets bytes of the next message. Fixed: wait for the second. Over
// the loopback the kernel copies in the end, and says so (IORING_SEND_ZC_REPORT_USAGE, 6.2).
// Try it: ./35-zero-copy-send

#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr unsigned report_usage = 1U << 3;  // since 6.2; liburing 2.3 has no names for these
constexpr __u32 usage_copied = 1U << 31;
constexpr std::size_t message_bytes = 256 * 1024;

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

/// A connection over the loopback. The receiver takes few bytes before it reads, the sender many.
struct Connection {
  int sender;
  int receiver;
  Connection() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    socklen_t bytes = sizeof address;
    const int few = 128 * 1024;  // too few for the message
    const int many = 4 * static_cast<int>(message_bytes);
    const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    check(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &few, sizeof few), "setsockopt");
    check(bind(listener, name, bytes), "bind");
    check(getsockname(listener, name, &bytes), "getsockname");
    check(listen(listener, 1), "listen");
    sender = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    check(setsockopt(sender, SOL_SOCKET, SO_SNDBUF, &many, sizeof many), "setsockopt");
    check(connect(sender, name, bytes), "connect");
    receiver = check(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4");
    close(listener);
  }
  ~Connection() {
    close(sender);
    close(receiver);
  }
};

/// Waits for a completion. Returns whether it is the last of its request.
bool take_completion() {
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const bool more = (cqe->flags & IORING_CQE_F_MORE) != 0;
  if (cqe->res == -EINVAL) {
    std::puts("  no report of what was copied: Linux 6.2 has it");
    std::exit(80);
  }
  if (cqe->flags & IORING_CQE_F_NOTIF) {
    const bool copied = (static_cast<__u32>(cqe->res) & usage_copied) != 0;
    std::printf("  notification: the bytes were %s\n", copied ? "copied" : "not copied");
  } else {
    std::printf("  result: %d bytes%s\n", cqe->res, more ? ", and more will come" : "");
  }
  io_uring_cqe_seen(&ring, cqe);
  return !more;
}

/// The peer reads, late. Returns how many of the message's bytes are right.
auto read_message(int receiver) {
  std::string bytes(message_bytes, '-');
  check(static_cast<int>(recv(receiver, bytes.data(), bytes.size(), MSG_WAITALL)), "recv");
  return std::count(bytes.begin(), bytes.end(), 'a');
}

// [send]
enum class Reuse { after_the_first, after_the_last };

void send_a_message(bool zero_copy, Reuse reuse) {
  const Connection connection;
  std::string message(message_bytes, 'a');
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_send(sqe, connection.sender, message.data(), message.size(), 0);
  if (zero_copy) {
    sqe->opcode = IORING_OP_SEND_ZC;
    sqe->ioprio = report_usage;
  }
  check_result(io_uring_submit(&ring), "io_uring_submit");

  const bool last = take_completion();
  if (reuse == Reuse::after_the_first) message.assign(message_bytes, 'b');  // the next message
  std::printf("  the peer reads %td bytes of this message\n", read_message(connection.receiver));
  if (!last) take_completion();
  if (reuse == Reuse::after_the_last) message.assign(message_bytes, 'b');
}
// [/send]

}  // namespace

int main() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  std::puts("send: the memory is used again after its completion");
  send_a_message(false, Reuse::after_the_first);
  std::puts("broken, send_zc: used again after the first completion");
  send_a_message(true, Reuse::after_the_first);
  std::puts("fixed, send_zc: used again after the last completion");
  send_a_message(true, Reuse::after_the_last);
  io_uring_queue_exit(&ring);
}
