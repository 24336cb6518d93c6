// A listening server without one system call of the socket family: socket, setsockopt, bind,
// listen, accept and what a client does are requests of one chain, each begun when the one before
// has succeeded. The sockets are in slots of the ring, so no descriptor is used. socket is from
// Linux 5.19, setsockopt from 6.7, bind and listen are from 6.11. Beside it the plain calls.
// Try it: strace -c ./32-bind-and-listen plain   and   strace -c ./32-bind-and-listen ring

#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

// liburing 2.3 has no names for these.
constexpr __u8 op_bind = 56;             // since 6.11
constexpr __u8 op_listen = 57;           // since 6.11
constexpr __u32 command_setsockopt = 3;  // of IORING_OP_URING_CMD, since 6.7

io_uring ring;
sockaddr_in address{};
const auto* const name = reinterpret_cast<const sockaddr*>(&address);
const int on = 1;

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

void plain() {
  const int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(bind(listener, name, sizeof address), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  const int client = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(connect(client, name, sizeof address), "connect");
  const int server = check(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4");
  std::printf("descriptors: %d %d %d\n", listener, client, server);
}

void prepare_setsockopt(io_uring_sqe* sqe, unsigned slot) {
  io_uring_prep_rw(IORING_OP_URING_CMD, sqe, static_cast<int>(slot), nullptr, 0, 0);
  sqe->cmd_op = command_setsockopt;
  sqe->addr = static_cast<__u64>(SO_REUSEADDR) << 32 | SOL_SOCKET;  // optname, level
  sqe->file_index = sizeof on;                                      // optlen
  sqe->addr3 = reinterpret_cast<__u64>(&on);                        // optval
}

/// Makes the entry one of the chain.
void link(io_uring_sqe* sqe, const char* what, unsigned flags = 0) {
  io_uring_sqe_set_flags(sqe, IOSQE_IO_LINK | flags);
  io_uring_sqe_set_data64(sqe, reinterpret_cast<__u64>(what));
}

void print_completions(unsigned requests) {
  for (unsigned i = 0; i < requests; ++i) {
    io_uring_cqe* cqe = nullptr;
    check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
    std::printf("%s%s", i == 0 ? "" : ", ", static_cast<const char*>(io_uring_cqe_get_data(cqe)));
    if (cqe->res < 0) std::printf(" -%s", strerrorname_np(-cqe->res));
    io_uring_cqe_seen(&ring, cqe);
  }
  std::putchar('\n');
}

/// A listener, a client that connects to it, and the accepted connection, in one submission.
void serve_one(unsigned listener, unsigned client, unsigned server) {
  // [chain]
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_socket_direct(sqe, AF_INET, SOCK_STREAM, 0, listener, 0);
  link(sqe, "socket");

  sqe = io_uring_get_sqe(&ring);
  prepare_setsockopt(sqe, listener);
  link(sqe, "setsockopt", IOSQE_FIXED_FILE);

  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_rw(op_bind, sqe, static_cast<int>(listener), name, 0, sizeof address);
  link(sqe, "bind", IOSQE_FIXED_FILE);

  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_rw(op_listen, sqe, static_cast<int>(listener), nullptr, SOMAXCONN, 0);
  link(sqe, "listen", IOSQE_FIXED_FILE);
  // [/chain]

  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_socket_direct(sqe, AF_INET, SOCK_STREAM, 0, client, 0);
  link(sqe, "socket");

  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_connect(sqe, static_cast<int>(client), name, sizeof address);
  link(sqe, "connect", IOSQE_FIXED_FILE);

  sqe = io_uring_get_sqe(&ring);
  io_uring_prep_accept_direct(sqe, static_cast<int>(listener), nullptr, nullptr, 0, server);
  link(sqe, "accept", IOSQE_FIXED_FILE);
  sqe->flags &= static_cast<__u8>(~IOSQE_IO_LINK);  // the last

  check_result(io_uring_submit_and_wait(&ring, 7), "io_uring_submit_and_wait");
  print_completions(7);
}

bool has_bind_and_listen() {
  io_uring_probe* probe = io_uring_get_probe_ring(&ring);
  const bool has = probe != nullptr && io_uring_opcode_supported(probe, op_listen) != 0;
  io_uring_free_probe(probe);
  return has;
}

}  // namespace

int main(int argc, char** argv) {
  // An address of the loopback that no other process has: 127, and the process id's three bytes.
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(0x7f000000U | (static_cast<unsigned>(getpid()) & 0xffffffU));
  address.sin_port = htons(5999);
  if (argc == 2 && std::strcmp(argv[1], "plain") == 0) {
    plain();
    return 0;
  }
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  check_result(io_uring_register_files_sparse(&ring, 6), "io_uring_register_files_sparse");
  if (!has_bind_and_listen()) {
    std::puts("no bind and listen in a ring: Linux 6.11 has them");
    return 80;
  }
  serve_one(0, 1, 2);
  std::puts("again, though the address is taken");
  serve_one(3, 4, 5);
  io_uring_queue_exit(&ring);
}
