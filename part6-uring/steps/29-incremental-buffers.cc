// A receive takes a whole buffer, if only for a byte. BROKEN: 32 KiB of buffers are full when eight
// messages of 100 bytes are kept. Fixed: buffers that are consumed incrementally
// (IOU_PBUF_RING_INC, Linux 6.12); a receive takes what it needs of one, and the next goes on
// after it, as long as IORING_CQE_F_BUF_MORE says that there is room. The completion names the
// buffer and no offset, so we have to count. The price: a buffer is given back when all that lies
// in it has been dealt with, and a message may be cut at its end.
// Try it: ./29-incremental-buffers

#include <liburing.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

// liburing 2.3 has no names for these.
constexpr unsigned short incremental = 2;     // IOU_PBUF_RING_INC, since 6.12
constexpr unsigned buffer_goes_on = 1U << 4;  // IORING_CQE_F_BUF_MORE, since 6.12
constexpr unsigned memory_bytes = 32768;
constexpr unsigned buffers_max = 8;

char memory[memory_bytes];

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

/// A ring, the memory cut into buffers, and a connection.
struct Side {
  io_uring ring;
  io_uring_buf* entries;
  unsigned count;
  unsigned bytes_each;
  unsigned offsets[buffers_max] = {};  // where the next bytes of each buffer will be
  int ends[2];

  Side(unsigned buffers, unsigned short flags)
      : count(buffers), bytes_each(memory_bytes / buffers) {
    check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
    const auto page = static_cast<std::size_t>(getpagesize());
    entries = static_cast<io_uring_buf*>(std::aligned_alloc(page, page));
    std::memset(entries, 0, page);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<__u64>(entries);
    registration.ring_entries = buffers_max;
    // The flags follow bgid. The headers of Linux before 6.4 call them "pad".
    constexpr auto place = offsetof(io_uring_buf_reg, bgid) + sizeof(registration.bgid);
    std::memcpy(reinterpret_cast<std::byte*>(&registration) + place, &flags, sizeof(flags));
    const int result = io_uring_register_buf_ring(&ring, &registration, 0);
    if (result == -EINVAL && flags == incremental) {
      std::puts("no incremental buffers: Linux 6.12 has them");
      std::exit(80);
    }
    check_result(result, "io_uring_register_buf_ring");
    for (unsigned short number = 0; number < count; ++number) {
      entries[number].addr = reinterpret_cast<__u64>(memory + number * bytes_each);
      entries[number].len = bytes_each;
      entries[number].bid = number;
    }
    std::atomic_ref(entries[0].resv).store(static_cast<__u16>(count), std::memory_order_release);
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  }
  ~Side() {
    io_uring_queue_exit(&ring);
    std::free(entries);
    close(ends[0]);
    close(ends[1]);
  }
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;

  /// The peer sends a message when the one before has been received.
  void peer_sends() {
    static const char message[100] = {};
    int unread = 0;
    check(ioctl(ends[0], FIONREAD, &unread), "ioctl");
    if (unread == 0) check(static_cast<int>(write(ends[1], message, sizeof message)), "write");
  }
  /// Returns the result and sets the flags of the completion.
  int receive(unsigned& flags) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring);
    io_uring_prep_recv(sqe, ends[0], nullptr, 0, 0);
    io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
    check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
    io_uring_cqe* cqe;
    check_result(io_uring_peek_cqe(&ring, &cqe), "io_uring_peek_cqe");
    const int result = cqe->res;
    flags = cqe->flags;
    io_uring_cqe_seen(&ring, cqe);
    return result;
  }
};

/// Receives messages and keeps all of them, until there is no buffer.
void fill(const char* title, unsigned buffers, unsigned short registration_flags, bool verbose) {
  Side side(buffers, registration_flags);
  int receives = 0;
  int bytes = 0;
  while (true) {
    side.peer_sends();
    unsigned flags;
    const int result = side.receive(flags);
    if (result == -ENOBUFS) break;
    check_result(result, "recv");
    // [offset]
    const unsigned number = flags >> IORING_CQE_BUFFER_SHIFT;
    const unsigned offset = side.offsets[number];
    const bool goes_on = (flags & buffer_goes_on) != 0;
    side.offsets[number] = goes_on ? offset + static_cast<unsigned>(result) : 0;
    // [/offset]
    ++receives;
    bytes += result;
    if (verbose && (receives <= 3 || !goes_on)) {
      std::printf("  receive %3d: %3d bytes in buffer %u at %-5u %s\n", receives, result, number,
                  offset, goes_on ? "it has room left" : "it is full");
    }
  }
  std::printf("%-27s %3d receives, %5d bytes; each of them keeps %u\n", title, receives, bytes,
              side.bytes_each);
}

}  // namespace

int main() {
  fill("1 of 32 KiB, incrementally", 1, incremental, true);
  fill("8 of 4 KiB, incrementally", 8, incremental, false);
  fill("8 of 4 KiB", 8, 0, false);
}
