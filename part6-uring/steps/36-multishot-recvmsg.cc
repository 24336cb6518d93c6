// One request, and a completion for every datagram (multishot recvmsg, Linux 6.0). Each takes a
// provided buffer, with a header that says what follows: the sender's address, and the payload.
// BROKEN: buffers of 48 bytes, for the header's 16 and payloads of up to 32. The address takes 16,
// and payloads are cut off. Fixed: room for all three. An empty datagram ends the request: see
// IORING_CQE_F_MORE. read has the same since 6.7, for pipes. Try it: ./36-multishot-recvmsg [pipe]

#include <liburing.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace {

constexpr unsigned short count = 4;  // buffers, a power of two
constexpr std::size_t payload_bytes_max = 32;
constexpr std::size_t in_front = sizeof(io_uring_recvmsg_out) + sizeof(sockaddr_in);
constexpr int group = 1;

io_uring ring;
std::size_t buffer_bytes;
char memory[count][in_front + payload_bytes_max];

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

/// The ring of buffers, as in step 17.
io_uring_buf* entries;

void give_back(unsigned short number) {
  std::atomic_ref tail(entries[0].resv);
  io_uring_buf& entry = entries[tail % count];
  entry.addr = reinterpret_cast<__u64>(memory[number]);
  entry.len = static_cast<__u32>(buffer_bytes);
  entry.bid = number;
  tail.fetch_add(1, std::memory_order_release);
}

void open_ring(std::size_t bytes) {
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  const auto page = static_cast<std::size_t>(getpagesize());
  entries = static_cast<io_uring_buf*>(std::aligned_alloc(page, page));
  entries[0].resv = 0;
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<__u64>(entries);
  registration.ring_entries = count;
  registration.bgid = group;
  check_result(io_uring_register_buf_ring(&ring, &registration, 0), "io_uring_register_buf_ring");
  buffer_bytes = bytes;
  for (unsigned short number = 0; number < count; ++number) give_back(number);
}

struct Received {
  int result;
  bool more;
  unsigned short number;
};

Received next() {
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const auto number = static_cast<unsigned short>(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
  const Received received{cqe->res, (cqe->flags & IORING_CQE_F_MORE) != 0, number};
  io_uring_cqe_seen(&ring, cqe);
  return received;
}

struct Socket {
  int fd = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{AF_INET, 0, {}, {}};
  Socket() {
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    socklen_t bytes = sizeof address;
    check(bind(fd, name, bytes), "bind");
    check(getsockname(fd, name, &bytes), "getsockname");
  }
  void send_to(const Socket& other, unsigned bytes) const {
    const char payload[64] = {};
    const auto* const name = reinterpret_cast<const sockaddr*>(&other.address);
    check(static_cast<int>(sendto(fd, payload, bytes, 0, name, sizeof address)), "sendto");
  }
};

// [take]
/// Takes a datagram, and says whose it is and how much of it arrived.
bool take_datagram(msghdr* layout, const Socket& a) {
  const Received received = next();
  auto* out = io_uring_recvmsg_validate(memory[received.number], received.result, layout);
  if (out == nullptr) std::exit(1);  // not even the header and the address fit
  sockaddr_in sender{};
  std::memcpy(&sender, io_uring_recvmsg_name(out), sizeof sender);
  std::printf("  from %s: %u of %u bytes%s\n", sender.sin_port == a.address.sin_port ? "a" : "b",
              io_uring_recvmsg_payload_length(out, received.result, layout), out->payloadlen,
              (out->flags & MSG_TRUNC) != 0 ? ", truncated" : "");
  give_back(received.number);
  return received.more;
}
// [/take]

void receive_datagrams(const char* title, std::size_t bytes) {
  open_ring(bytes);
  std::puts(title);
  const Socket receiver;
  const Socket a;
  const Socket b;
  msghdr layout{};  // how much of a buffer is for the address; no other field counts
  layout.msg_namelen = sizeof(sockaddr_in);
  int requests = 0;
  bool more = false;
  for (const unsigned size : {5U, 32U, 33U, 0U, 6U, 7U}) {
    (size % 2 == 0 ? b : a).send_to(receiver, size);
    if (!more) {  // at the beginning, and after an empty datagram
      io_uring_sqe* sqe = io_uring_get_sqe(&ring);
      io_uring_prep_recvmsg_multishot(sqe, receiver.fd, &layout, MSG_TRUNC);
      io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
      sqe->buf_group = group;
      check_result(io_uring_submit(&ring), "io_uring_submit");
      ++requests;
    }
    more = take_datagram(&layout, a);
  }
  std::printf("  datagrams: 6, requests: %d\n", requests);
  io_uring_queue_exit(&ring);
  std::free(entries);
}

}  // namespace

int main() {
  receive_datagrams("broken, 48 bytes a buffer", sizeof(io_uring_recvmsg_out) + payload_bytes_max);
  receive_datagrams("fixed, 64 bytes a buffer", in_front + payload_bytes_max);
}
