// A receive takes one buffer, and the next is asked for when its bytes have been dealt with. A
// multishot receive (IORING_RECV_MULTISHOT, Linux 6.0) is asked for once and goes on by itself: as
// long as bytes are there it takes another buffer, and it does not wait for us. So a client that
// sends faster than we look has all buffers, and what another client says finds none. Since 6.17 a
// request can say after how many bytes it is over, whichever buffers they are in.
// Try it: ./39-greedy-multishot

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr unsigned short count = 16;  // a power of two: the kernel masks the index with it
constexpr unsigned buffer_bytes = 1024;
constexpr int group = 1;

io_uring ring;
char memory[count][buffer_bytes];
const char flood[4 * count * buffer_bytes] = {};  // more than all buffers hold
io_uring_buf* entries;                            // as in 17-provided-buffers

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

void set_up() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  const auto page = static_cast<std::size_t>(getpagesize());  // the ring must be aligned to it
  entries = static_cast<io_uring_buf*>(std::aligned_alloc(page, page));
  entries[0].resv = 0;
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<__u64>(entries);
  registration.ring_entries = count;
  registration.bgid = group;
  check_result(io_uring_register_buf_ring(&ring, &registration, 0), "io_uring_register_buf_ring");
  for (unsigned short number = 0; number < count; ++number) {
    entries[number].addr = reinterpret_cast<__u64>(memory[number]);
    entries[number].len = buffer_bytes;
    entries[number].bid = number;
  }
  std::atomic_ref(entries[0].resv).store(count, std::memory_order_release);
}

struct Client {
  int ends[2];
  unsigned buffers = 0;  // that its bytes are in
  int error = 0;         // of its receive
  Client() { check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair"); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() {
    close(ends[0]);
    close(ends[1]);
  }
};

/// `flags`: IORING_RECV_MULTISHOT. `bytes_max`: after so many a multishot receive ends; 0: never.
void receive(Client& client, unsigned short flags, unsigned bytes_max) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, client.ends[0], nullptr, 0, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  sqe->buf_group = group;
  sqe->ioprio = flags;
  sqe->file_index = bytes_max;  // `optlen` in newer headers: the same four bytes
  io_uring_sqe_set_data(sqe, &client);
}

void collect() {
  check_result(io_uring_submit_and_get_events(&ring), "io_uring_submit_and_get_events");
  io_uring_cqe* cqe = nullptr;
  while (io_uring_peek_cqe(&ring, &cqe) == 0) {
    auto& client = *static_cast<Client*>(io_uring_cqe_get_data(cqe));
    if ((cqe->flags & IORING_CQE_F_BUFFER) != 0) ++client.buffers;
    if (cqe->res < 0) client.error = -cqe->res;
    io_uring_cqe_seen(&ring, cqe);
  }
}

void try_it(const char* name, unsigned short flags, unsigned bytes_max = 0) {
  set_up();
  {
    Client greedy;
    Client other;
    receive(greedy, flags, bytes_max);
    receive(other, flags, bytes_max);
    collect();
    check(static_cast<int>(write(greedy.ends[1], flood, sizeof flood)), "write");
    check(static_cast<int>(write(other.ends[1], "hello", 5)), "write");
    collect();
    std::printf("%-18s  greedy: %2u buffers  other: %u", name, greedy.buffers, other.buffers);
    std::printf(other.error == 0 ? "\n" : " -%s\n", strerrorname_np(other.error));
  }
  io_uring_queue_exit(&ring);
  std::free(entries);
}

}  // namespace

int main() {
  try_it("receive", 0);
  try_it("multishot", IORING_RECV_MULTISHOT);
  try_it("multishot, limited", IORING_RECV_MULTISHOT, buffer_bytes);
}
