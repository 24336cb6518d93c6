// A provided buffer belongs to one receive, however little the receive brings: see
// 11-provided-buffers. With IOU_PBUF_RING_INC the kernel goes on in the same buffer, behind what
// came before, until that is full. Here one buffer of 24 bytes serves three receives of two
// clients, and is then ours. Needs Linux 6.12.
// Try it: ./22-incremental-buffers

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

// liburing 2.3 does not know their names: <linux/io_uring.h>, Linux 6.12
constexpr __u16 pbuf_ring_inc = 2;             // IOU_PBUF_RING_INC
constexpr unsigned cqe_f_buf_more = 1U << 4U;  // IORING_CQE_F_BUF_MORE

constexpr int group = 1;

io_uring ring;
char memory[24];
std::size_t filled = 0;  // where the kernel continues; we count, since no completion tells

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

/// The ring of buffers, with a single entry, in which the tail is a field as well.
io_uring_buf* entry;

void give_buffer() {
  entry->addr = reinterpret_cast<__u64>(memory);  // both again, since the kernel moves them
  entry->len = sizeof memory;
  entry->bid = 0;
  filled = 0;
  std::atomic_ref(entry->resv).fetch_add(1, std::memory_order_release);
}

void register_buffer() {
  const auto page = static_cast<std::size_t>(getpagesize());  // the ring must be aligned to it
  entry = static_cast<io_uring_buf*>(std::aligned_alloc(page, page));
  entry->resv = 0;
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<__u64>(entry);
  registration.ring_entries = 1;
  registration.bgid = group;
  // The flags are behind bgid, where older headers have padding.
  constexpr std::size_t flags_at = offsetof(io_uring_buf_reg, bgid) + sizeof registration.bgid;
  std::memcpy(reinterpret_cast<char*>(&registration) + flags_at, &pbuf_ring_inc, sizeof(__u16));
  const int result = io_uring_register_buf_ring(&ring, &registration, 0);
  if (result == -EINVAL) {
    std::puts("needs Linux 6.12");
    std::exit(1);
  }
  check_result(result, "io_uring_register_buf_ring");
  give_buffer();
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

void receive_from(const Client& client) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, client.ends[0], nullptr, 0, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  sqe->buf_group = group;
  check_result(io_uring_submit(&ring), "io_uring_submit");
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const int result = cqe->res;
  const bool goes_on = (cqe->flags & cqe_f_buf_more) != 0;
  io_uring_cqe_seen(&ring, cqe);
  if (result < 0) {
    std::printf("  %-5s  -%s\n", client.name, strerrorname_np(-result));
    return;
  }
  std::printf("  %-5s  at %2zu: \"%.*s\"%s\n", client.name, filled, result, memory + filled,
              goes_on ? "" : ", and the buffer is full");
  filled += static_cast<std::size_t>(result);
}

}  // namespace

int main() {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  register_buffer();
  const Client alice("alice");
  const Client bob("bob");
  std::puts("one buffer");
  alice.says("I am alice");
  receive_from(alice);
  bob.says("I am bob");
  receive_from(bob);
  alice.says("and I am back");
  receive_from(alice);
  receive_from(alice);
  std::puts("given back");
  give_buffer();
  receive_from(alice);
  io_uring_queue_exit(&ring);
}
