// A message is larger than a buffer, or an answer lies in several. A request moves one buffer; as a
// bundle (IORING_RECVSEND_BUNDLE, Linux 6.10) it moves as many as there are bytes for, or as there
// are in the ring of buffers, and has one completion: the number of the first, and the bytes of
// all. They are those that come next in the ring; each is full but the last, which is used up, too.
// Try it: ./28-bundles

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

// liburing 2.3 has no names for these.
constexpr unsigned feature_bundle = 1U << 14;        // IORING_FEAT_RECVSEND_BUNDLE, since 6.10
constexpr unsigned short recvsend_bundle = 1U << 4;  // IORING_RECVSEND_BUNDLE, since 6.10
constexpr unsigned short buffers = 8;                // in each ring of them
constexpr unsigned buffer_bytes = 4096;
constexpr unsigned message_bytes = 4 * buffer_bytes;
enum class Direction { receive, send };
char memory[buffers][buffer_bytes];

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

/// A ring with a ring of buffers, and a connection.
struct Side {
  io_uring ring;
  io_uring_buf* entries;  // as in 17-provided-buffers
  int ends[2];

  Side() {
    io_uring_params params{};
    check_result(io_uring_queue_init_params(8, &ring, &params), "io_uring_queue_init_params");
    if ((params.features & feature_bundle) == 0) {
      std::puts("no bundles: Linux 6.10 has them");
      std::exit(80);
    }
    const auto page = static_cast<std::size_t>(getpagesize());
    entries = static_cast<io_uring_buf*>(std::aligned_alloc(page, page));
    entries[0].resv = 0;
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<__u64>(entries);
    registration.ring_entries = buffers;
    check_result(io_uring_register_buf_ring(&ring, &registration, 0), "io_uring_register_buf_ring");
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  }
  ~Side() {
    io_uring_queue_exit(&ring);
    std::free(entries);
    close(ends[0]);
    close(ends[1]);
  }
  Side(const Side&) = delete;

  void provide(unsigned short count) {
    std::atomic_ref tail(entries[0].resv);
    for (unsigned short n = 0; n < count; ++n) {
      io_uring_buf& entry = entries[tail % buffers];
      entry.bid = tail % buffers;
      entry.addr = reinterpret_cast<__u64>(memory[entry.bid]);
      entry.len = buffer_bytes;
      tail.fetch_add(1, std::memory_order_release);
    }
  }
  void peer_sends(unsigned bytes) const {
    check(static_cast<int>(write(ends[1], memory, bytes)), "write");
  }
  void request(Direction direction, unsigned short flags) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    if (direction == Direction::receive) io_uring_prep_recv(sqe, ends[0], nullptr, 0, 0);
    if (direction == Direction::send) io_uring_prep_send(sqe, ends[0], nullptr, 0, MSG_WAITALL);
    sqe->ioprio |= flags;
    io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
  }
  void move(const char* title, int bytes, Direction direction, unsigned short flags);
};

/// Makes requests until so many bytes have been moved. Prints what the completions say.
void Side::move(const char* title, int bytes, Direction direction, unsigned short flags) {
  std::printf("%-26s", title);
  int requests = 0;
  int completions = 0;
  bool goes_on = false;
  while (bytes > 0) {
    if (!goes_on) {
      request(direction, flags);
      ++requests;
    }
    check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    check_result(io_uring_peek_cqe(&ring, &cqe), "io_uring_peek_cqe");
    check_result(cqe->res, "recv or send");
    goes_on = (cqe->flags & IORING_CQE_F_MORE) != 0;
    std::printf(" [%u] %-5d", cqe->flags >> IORING_CQE_BUFFER_SHIFT, cqe->res);
    bytes -= cqe->res;
    ++completions;
    io_uring_cqe_seen(&ring, cqe);
  }
  std::printf("%*s %d for %d\n", completions < 4 ? 10 * (4 - completions) : 0, "", completions,
              requests);
}

void compare(const char* title, Direction direction, unsigned short flags) {
  Side side;
  side.provide(message_bytes / buffer_bytes);
  if (direction == Direction::receive) side.peer_sends(message_bytes);
  side.move(title, message_bytes, direction, flags);
}

}  // namespace

int main() {
  Side two_by_two;
  std::printf("%-26s %-39s %s\n", "16,384 bytes", "[first buffer] bytes",
              "completions for requests");
  compare("receives", Direction::receive, 0);
  compare("a multishot receive", Direction::receive, IORING_RECV_MULTISHOT);
  compare("a bundle", Direction::receive, recvsend_bundle);
  compare("sends", Direction::send, 0);
  compare("a bundle", Direction::send, recvsend_bundle);

  two_by_two.provide(2);
  two_by_two.peer_sends(message_bytes);
  two_by_two.move("a bundle, two buffers", message_bytes / 2, Direction::receive, recvsend_bundle);
  two_by_two.provide(2);
  two_by_two.move("two more", message_bytes / 2, Direction::receive, recvsend_bundle);

  Side partly;
  partly.provide(4);
  partly.peer_sends(5000);
  partly.move("a bundle, 5,000 bytes", 5000, Direction::receive, recvsend_bundle);
  partly.peer_sends(100);
  partly.move("100 bytes more", 100, Direction::receive, recvsend_bundle);
}
