// The same requests, and a kernel that answers otherwise. The number in `uname -r` does not tell:
// distributions take newer rings into older kernels. So try what you rely on. BROKEN: send the rest
// again after -EAGAIN; on an older kernel some of it had been taken, and goes twice. Fixed: refuse
// a ring that does not give the answers on the right. Needs Linux 5.7.
// Try it: ./24-what-a-floor-is

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr int buffers_count = 3;
constexpr int buffer_bytes = 16;

io_uring ring;
unsigned short group = 0;  // of buffers; each question has its own
char memory[buffers_count * buffer_bytes];

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

int complete_one() {
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_submit(&ring), "io_uring_submit");
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const int result = cqe->res;
  io_uring_cqe_seen(&ring, cqe);
  return result;
}

/// By an operation, as before there were rings of buffers: old kernels know it, too.
void provide_buffers() {
  ++group;
  io_uring_prep_provide_buffers(io_uring_get_sqe(&ring), memory, buffer_bytes, buffers_count, group,
                                0);
  check_result(complete_one(), "provide_buffers");
}

struct Connection {
  int ours;
  int theirs;
};

Connection connect_here() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  return {.ours = ends[0], .theirs = ends[1]};
}

void request_receive(const Connection& connection) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, connection.ours, nullptr, 0, 0);  // the length is the buffer's
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  sqe->buf_group = group;
}

/// A receive of length 0, into a buffer of the kernel's choice, while five bytes wait.
std::string receive_what_is_there() {
  const Connection connection = connect_here();
  provide_buffers();
  check(static_cast<int>(write(connection.theirs, "hello", 5)), "write");
  request_receive(connection);
  return std::to_string(complete_one()) + " bytes";
}

/// Six clients that say nothing, and three buffers: do receives that wait hold one?
std::string let_six_wait() {
  constexpr int clients = 6;
  provide_buffers();
  for (int i = 0; i < clients; ++i) request_receive(connect_here());
  check_result(io_uring_submit(&ring), "io_uring_submit");
  return std::to_string(clients - static_cast<int>(io_uring_cq_ready(&ring))) + " wait";
}

int send_once(const Connection& connection, const std::vector<char>& bytes, std::size_t sent) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_send(sqe, connection.ours, bytes.data() + sent, bytes.size() - sent,
                     MSG_DONTWAIT | MSG_WAITALL);
  return complete_one();
}

std::size_t receive_all(const Connection& connection) {
  std::vector<char> buffer(1 << 16);
  std::size_t received = 0;
  ssize_t got = 0;
  while ((got = recv(connection.theirs, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0) {
    received += static_cast<std::size_t>(got);
  }
  return received;
}

struct Sending {
  std::string first_answer;
  std::string received;
};

/// More than the connection takes at a time, to a peer that reads in between.
Sending send_until_all_is_taken() {
  const Connection connection = connect_here();
  const std::vector<char> bytes(1 << 20);
  Sending found;
  std::size_t sent = 0;
  std::size_t received = 0;
  while (sent < bytes.size() && received <= bytes.size()) {
    const int result = send_once(connection, bytes, sent);
    if (result != -EAGAIN) sent += static_cast<std::size_t>(check_result(result, "send"));
    if (found.first_answer.empty()) {
      found.first_answer = result == -EAGAIN ? "-EAGAIN" : "how much it took";
    }
    received += receive_all(connection);
  }
  found.received = received == bytes.size() ? "each byte once" : "bytes twice";
  return found;
}

void print(const char* question, const std::string& answer, const char* relied_on) {
  std::printf("%-40s %-18s %s\n", question, answer.c_str(), relied_on);
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  print("what is asked for", "this kernel", "relied on");
  const Sending sending = send_until_all_is_taken();
  print("a send that falls short", sending.first_answer, "how much it took");
  print("the rest is sent, and the peer receives", sending.received, "each byte once");
  print("a receive of length 0, 5 bytes are there", receive_what_is_there(), "5 bytes");
  print("6 receives, 3 buffers, and no bytes", let_six_wait(), "6 wait");
  io_uring_queue_exit(&ring);
}
