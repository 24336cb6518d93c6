// A program that is built today runs on a kernel of another year. The kernel tells which operations
// its rings know; a request for another one fails with EINVAL. Each group has the Linux version
// that brought it. Since Linux 6.18 it also answers in numbers, about more than operations, and
// needs no ring for that. Needs Linux 5.6, for the first question. Try it: ./22-probe

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <vector>

namespace {

struct Operation {
  int number;
  const char* name;
};

struct Release {
  const char* linux_version;
  std::vector<Operation> brought;
};

const std::vector<Release> releases = {
    {"5.1",
     {{IORING_OP_NOP, "nop"},
      {IORING_OP_READV, "readv"},
      {IORING_OP_WRITEV, "writev"},
      {IORING_OP_FSYNC, "fsync"},
      {IORING_OP_POLL_ADD, "poll_add"},
      {IORING_OP_POLL_REMOVE, "poll_remove"}}},
    {"5.3", {{IORING_OP_SENDMSG, "sendmsg"}, {IORING_OP_RECVMSG, "recvmsg"}}},
    {"5.4", {{IORING_OP_TIMEOUT, "timeout"}}},
    {"5.5",
     {{IORING_OP_TIMEOUT_REMOVE, "timeout_remove"},
      {IORING_OP_LINK_TIMEOUT, "link_timeout"},
      {IORING_OP_ASYNC_CANCEL, "async_cancel"},
      {IORING_OP_ACCEPT, "accept"},
      {IORING_OP_CONNECT, "connect"}}},
    {"5.6",
     {{IORING_OP_READ, "read"},
      {IORING_OP_WRITE, "write"},
      {IORING_OP_SEND, "send"},
      {IORING_OP_RECV, "recv"},
      {IORING_OP_OPENAT2, "openat2"},
      {IORING_OP_STATX, "statx"},
      {IORING_OP_CLOSE, "close"}}},
    {"5.7", {{IORING_OP_SPLICE, "splice"}, {IORING_OP_PROVIDE_BUFFERS, "provide_buffers"}}},
    {"5.11", {{IORING_OP_SHUTDOWN, "shutdown"}, {IORING_OP_UNLINKAT, "unlinkat"}}},
    {"5.15", {{IORING_OP_MKDIRAT, "mkdirat"}, {IORING_OP_LINKAT, "linkat"}}},
    {"5.18", {{IORING_OP_MSG_RING, "msg_ring"}}},
    {"5.19", {{IORING_OP_SOCKET, "socket"}}},
    {"6.0", {{IORING_OP_SEND_ZC, "send_zc"}}},
    {"6.1", {{IORING_OP_SENDMSG_ZC, "sendmsg_zc"}}},
    {"6.7", {{50, "waitid"}, {51, "futex_wait"}}},  // liburing 2.3 has no names for them
    {"6.8", {{54, "fixed_fd_install"}}},
    {"6.9", {{55, "ftruncate"}}},
    {"6.11", {{56, "bind"}, {57, "listen"}}},
    {"6.15", {{58, "recv_zc"}, {59, "epoll_wait"}}},
    {"6.16", {{62, "pipe"}}},
};

/// liburing 2.3 does not have it: include/uapi/linux/io_uring/query.h
struct Known {
  __u32 operations;
  __u32 register_calls;
  __u64 features;
  __u64 setup_flags;
  __u64 enter_flags;
  __u64 entry_flags;
  __u32 queries;
  __u32 padding;
};

struct Query {
  __u64 next;
  __u64 answer;
  __u32 question;  // 0: what is there?
  __u32 answer_bytes;
  __s32 result;
  __u32 reserved[3];
};

void ask_in_numbers() {
  constexpr unsigned register_query = 35;  // IORING_REGISTER_QUERY
  Known known{};
  Query query{};
  query.answer = reinterpret_cast<__u64>(&known);
  query.answer_bytes = sizeof known;
  const long result = ::syscall(SYS_io_uring_register, -1, register_query, &query, 0);
  if (result < 0 || query.result < 0) return (void)std::printf("in numbers: Linux 6.18 has it\n");
  std::printf("in numbers: %u operations, %u register calls, setup flags %#llx\n", known.operations,
              known.register_calls, known.setup_flags);
}

}  // namespace

int main() {
  io_uring ring{};
  if (const int result = io_uring_queue_init(4, &ring, 0); result < 0) {
    std::fprintf(stderr, "no ring: %s\n", std::strerror(-result));
    return 1;
  }
  io_uring_probe* probe = io_uring_get_probe_ring(&ring);
  if (probe == nullptr) {
    std::fprintf(stderr, "no probe: Linux 5.6 has it\n");
    return 1;
  }
  for (const Release& release : releases) {
    std::printf("Linux %-5s", release.linux_version);
    for (const auto& [number, name] : release.brought) {
      const bool known = io_uring_opcode_supported(probe, number) != 0;
      std::printf(" %s%s", known ? "" : "no-", name);
    }
    std::putchar('\n');
  }
  ask_in_numbers();
  io_uring_free_probe(probe);
  io_uring_queue_exit(&ring);
}
