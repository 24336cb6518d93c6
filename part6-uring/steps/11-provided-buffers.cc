// A read that brings its own buffer keeps it as long as the client is silent. Here the buffers are
// in a ring of their own (IORING_REGISTER_PBUF_RING, Linux 5.19), and the kernel takes one when
// bytes arrive: three clients wait on two buffers. If all are in use, a read ends with -ENOBUFS.
// Its bytes stay in the socket: give a buffer back, and read again. It also ends a multishot read
// (IORING_RECV_MULTISHOT, 6.0).
// Try it: ./11-provided-buffers

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr unsigned short count = 2;  // a power of two: the kernel masks the index with it
constexpr int group = 1;

io_uring ring;
char memory[count][8];

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

/// The ring of buffers. Its tail is in a field that the first entry does not use. (Not liburing's
/// io_uring_buf_ring: after Debian 12's <linux/io_uring.h>, C++ sees its entries 8 bytes too late.)
io_uring_buf* entries;

void give_back(unsigned short number) {
  std::atomic_ref tail(entries[0].resv);
  io_uring_buf& entry = entries[tail % count];
  entry.addr = reinterpret_cast<__u64>(memory[number]);
  entry.len = sizeof memory[number];
  entry.bid = number;
  tail.fetch_add(1, std::memory_order_release);  // a kernel that sees the tail sees the entry
}

void register_buffers() {
  const auto page = static_cast<std::size_t>(getpagesize());  // the ring must be aligned to it
  entries = static_cast<io_uring_buf*>(std::aligned_alloc(page, page));
  entries[0].resv = 0;
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<__u64>(entries);
  registration.ring_entries = count;
  registration.bgid = group;
  check_result(io_uring_register_buf_ring(&ring, &registration, 0), "io_uring_register_buf_ring");
  for (unsigned short number = 0; number < count; ++number) give_back(number);
}

struct Client {
  const char* name;
  int ends[2];
  explicit Client(const char* my_name) : name(my_name) {
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  }
  void says(std::string_view bytes) const {
    check(static_cast<int>(write(ends[1], bytes.data(), bytes.size())), "write");
  }
};

void read(const Client& client, unsigned short flags = 0) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, client.ends[0], nullptr, 0, 0);
  sqe->ioprio |= flags;
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  sqe->buf_group = group;
  io_uring_sqe_set_data64(sqe, reinterpret_cast<__u64>(&client));
  check_result(io_uring_submit(&ring), "io_uring_submit");
}

/// A completion: bytes in a buffer that is ours until we give it back, or -ENOBUFS.
struct Received {
  int result;
  bool more;
  unsigned short number;
};

Received next() {
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const auto number = static_cast<unsigned short>(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
  const Received got{cqe->res, (cqe->flags & IORING_CQE_F_MORE) != 0, number};
  std::printf("  %s: ", static_cast<Client*>(io_uring_cqe_get_data(cqe))->name);
  io_uring_cqe_seen(&ring, cqe);
  if (got.result < 0) std::printf("-%s\n", strerrorname_np(-got.result));
  if (got.result >= 0) std::printf("\"%.*s\"\n", got.result, memory[got.number]);
  return got;
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  register_buffers();
  const Client a("a");
  const Client b("b");
  const Client c("c");
  const Client d("d");
  read(a);
  read(b);
  read(c);
  std::printf("three reads, two buffers, completions: %u\n", io_uring_cq_ready(&ring));
  a.says("I am a");
  b.says("I am b");
  const Received from_a = next();
  const Received from_b = next();
  c.says("I am c");
  next();
  std::puts("a's buffer is given back, c's read begins again");
  give_back(from_a.number);
  read(c);
  give_back(next().number);
  give_back(from_b.number);
  std::puts("one multishot read, more bytes than buffers");
  d.says("abcdefghijklmnopqrstuvwxyz");
  std::string all;
  while (all.size() < 26) {
    read(d, IORING_RECV_MULTISHOT);
    Received got;
    do {
      got = next();
      if (got.result > 0) all.append(memory[got.number], static_cast<std::size_t>(got.result));
    } while (got.more && all.size() < 26);
    // both are in use by now
    give_back(0);
    give_back(1);
  }
  std::printf("all of it: %s\n", all.c_str());
  io_uring_queue_exit(&ring);
}
