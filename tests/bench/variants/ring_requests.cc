// What a message takes of a ring, by the kind of request: a request for each, one for all
// (multishot), or one for several buffers at once (a bundle). A peer sends eight messages of 64
// bytes on one connection, and then they are taken. Counts requests, completions and calls. Prints
// one line of JSON; all zeros where the kernel does not know the request.
// Try it: ./ring_requests --kind receive   and   ./ring_requests --kind receive-bundle

#include <fmt/format.h>
#include <liburing.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "common/server/options.h"
#include "variants/loopback.h"

namespace {

using loopback::check;

// liburing 2.3 has no names for these.
constexpr std::uint8_t op_read_multishot = 49;  // since 6.7
constexpr std::uint8_t op_epoll_wait = 59;      // since 6.15
constexpr std::uint16_t bundle = 1U << 4;       // IORING_RECVSEND_BUNDLE, since 6.10

constexpr unsigned together = 8;
constexpr std::size_t message_bytes = 64;
constexpr std::uint16_t buffers = 16;  // a power of two, and more than are in use at a time
constexpr int group = 1;

io_uring ring;
common::Fd ours;
common::Fd peers;
std::array<std::array<char, message_bytes>, buffers> memory;
io_uring_buf* buffer_ring;  // its tail is in a field that the first entry does not use

struct Counts {
  std::uint64_t messages, calls, requests, completions;
} counts{};

/// The entry of one more request.
io_uring_sqe* entry() {
  ++counts.requests;
  return io_uring_get_sqe(&ring);
}

void enter(unsigned wait_for) {
  ++counts.calls;
  errno = -io_uring_submit_and_wait(&ring, wait_for);
  check(-errno, "io_uring_enter");
}

void connect_both(int type) {
  std::array<int, 2> ends{};
  check(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
  ours = common::Fd(ends[0]);
  peers = common::Fd(ends[1]);
}

void peer_sends(unsigned messages) {
  static const std::array<char, message_bytes> message{};
  for (; messages > 0; --messages) {
    check(::send(peers.get(), message.data(), message.size(), 0), "send");
  }
}

void give_back(std::uint16_t number) {
  std::atomic_ref tail(buffer_ring[0].resv);
  io_uring_buf& to = buffer_ring[tail % buffers];
  to.addr = reinterpret_cast<__u64>(memory[number].data());
  to.len = message_bytes;
  to.bid = number;
  tail.fetch_add(1, std::memory_order_release);
}

void register_buffers() {
  const auto page = static_cast<std::size_t>(::getpagesize());
  buffer_ring = static_cast<io_uring_buf*>(std::aligned_alloc(page, page));
  buffer_ring[0].resv = 0;
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<__u64>(buffer_ring);
  registration.ring_entries = buffers;
  registration.bgid = group;
  errno = -io_uring_register_buf_ring(&ring, &registration, 0);
  check(-errno, "io_uring_register_buf_ring");
  for (std::uint16_t number = 0; number < buffers; ++number) give_back(number);
}

/// A request that takes provided buffers.
struct Receive {
  std::uint8_t opcode;
  std::uint16_t flags = 0;  // as ioprio
  bool goes_on = false;
  int socket_type = SOCK_STREAM;
};

void request(const Receive& receive) {
  io_uring_sqe* sqe = entry();
  io_uring_prep_rw(receive.opcode, sqe, ours.get(), nullptr, 0, 0);
  sqe->ioprio = receive.flags;
  sqe->flags = IOSQE_BUFFER_SELECT;
  sqe->buf_group = group;
}

[[noreturn]] void unknown_request() {
  fmt::print("{{\"messages\": 0, \"calls\": 0, \"requests\": 0, \"completions\": 0}}\n");
  std::exit(0);
}

/// The next completion that is there. Its error ends the process.
bool next(io_uring_cqe& completion) {
  io_uring_cqe* cqe = nullptr;
  if (io_uring_peek_cqe(&ring, &cqe) < 0) return false;
  ++counts.completions;
  completion.res = cqe->res;
  completion.flags = cqe->flags;
  io_uring_cqe_seen(&ring, cqe);
  if (completion.res == -EINVAL) unknown_request();
  errno = -completion.res;
  check(completion.res, "a request");
  return true;
}

void take_completions() {
  io_uring_cqe completion;
  while (next(completion)) continue;
}

/// Takes what has been received. Returns how many messages it was.
unsigned take_received() {
  unsigned messages = 0;
  io_uring_cqe completion;
  while (next(completion)) {
    const auto bytes = static_cast<std::size_t>(completion.res);
    const unsigned first = completion.flags >> IORING_CQE_BUFFER_SHIFT;
    for (unsigned i = 0; i < bytes / message_bytes; ++i) {
      give_back(static_cast<std::uint16_t>((first + i) % buffers));
    }
    messages += static_cast<unsigned>(bytes / message_bytes);
  }
  return messages;
}

void receive_all(const Receive& receive, std::uint64_t messages) {
  connect_both(receive.socket_type);
  register_buffers();
  if (receive.goes_on) {
    request(receive);
    enter(0);
    counts = {};
  }
  while (counts.messages < messages) {
    peer_sends(together);
    for (unsigned taken = 0; taken < together;) {
      if (!receive.goes_on) request(receive);
      enter(1);
      const unsigned came = take_received();
      taken += came;
      counts.messages += came;
    }
  }
}

/// TCP, because send_zc knows no Unix sockets.
void send_all(std::uint8_t opcode, std::uint8_t flags, std::uint64_t messages) {
  static const std::array<char, message_bytes> message{};
  auto pairs = loopback::connect_pairs(1);
  const unsigned completions = opcode == IORING_OP_SEND_ZC       ? 2
                               : flags == IOSQE_CQE_SKIP_SUCCESS ? 0
                                                                 : 1;
  while (counts.messages < messages) {
    for (unsigned i = 0; i < together; ++i) {
      io_uring_sqe* sqe = entry();
      io_uring_prep_rw(opcode, sqe, pairs[0].ours.get(), message.data(), message_bytes, 0);
      sqe->flags = flags;
    }
    const std::uint64_t wanted = counts.completions + together * completions;
    enter(completions == 0 ? 0 : together);
    std::array<char, together * message_bytes> received;
    check(::recv(pairs[0].peer.get(), received.data(), received.size(), MSG_WAITALL), "recv");
    take_completions();
    while (counts.completions < wanted) {  // of send_zc: when the peer has acknowledged
      enter(static_cast<unsigned>(wanted - counts.completions));
      take_completions();
    }
    counts.messages += together;
  }
}

/// A loop that waits for an epoll instance and a ring: polls the one, or asks it for its events.
void epoll_all(bool as_request, std::uint64_t messages) {
  connect_both(SOCK_STREAM);
  const common::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{EPOLLIN, {.fd = ours.get()}};
  check(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, ours.get(), &event), "epoll_ctl");
  while (counts.messages < messages) {
    io_uring_sqe* sqe = entry();
    if (as_request) io_uring_prep_rw(op_epoll_wait, sqe, epoll.get(), &event, 1, 0);
    if (!as_request) io_uring_prep_poll_add(sqe, epoll.get(), POLLIN);
    peer_sends(1);
    enter(1);
    take_completions();
    if (!as_request) {
      ++counts.calls;
      check(::epoll_wait(epoll.get(), &event, 1, 0), "epoll_wait");
    }
    std::array<char, message_bytes> message;
    check(::recv(ours.get(), message.data(), message.size(), 0), "recv");
    ++counts.messages;
  }
}

using Run = void (*)(std::uint64_t messages);
const std::map<std::string, Run, std::less<>> kinds = {
    {"receive", [](auto n) { receive_all({IORING_OP_RECV}, n); }},
    {"receive-multishot",
     [](auto n) {
       receive_all({IORING_OP_RECV, IORING_RECV_MULTISHOT, true}, n);
     }},
    {"receive-bundle",
     [](auto n) {
       receive_all({IORING_OP_RECV, IORING_RECV_MULTISHOT | bundle, true}, n);
     }},
    {"read", [](auto n) { receive_all({IORING_OP_READ}, n); }},
    {"read-multishot",
     [](auto n) {
       receive_all({op_read_multishot, 0, true}, n);
     }},
    {"send", [](auto n) { send_all(IORING_OP_SEND, 0, n); }},
    {"send-skip", [](auto n) { send_all(IORING_OP_SEND, IOSQE_CQE_SKIP_SUCCESS, n); }},
    {"send-zc", [](auto n) { send_all(IORING_OP_SEND_ZC, 0, n); }},
    {"epoll-polled", [](auto n) { epoll_all(false, n); }},
    {"epoll-wait", [](auto n) { epoll_all(true, n); }},
};

struct Settings {
  std::string kind = "receive";
  std::uint32_t messages = 8000;
};

common::Program program(Settings& settings) {
  const auto set_kind = [&settings](std::string_view text) {
    settings.kind = text;
    return kinds.contains(text);
  };
  return {.name = "ring_requests",
          .summary = "Counts what a message takes of a ring, by the kind of request.",
          .options = {{"--kind", "NAME", "receive", "how messages are taken, or sent",
                       "one of those at the end of the source", set_kind},
                      common::number_option("--messages", "N", "how many, a multiple of 8",
                                            settings.messages, together, 1'000'000'000)}};
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (const auto status = common::parse_options(argc, argv, program(settings))) return *status;
  errno = -io_uring_queue_init(64, &ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
  check(-errno, "io_uring_setup");
  kinds.find(settings.kind)->second(settings.messages);
  io_uring_queue_exit(&ring);
  std::free(buffer_ring);
  fmt::print("{{\"messages\": {}, \"calls\": {}, \"requests\": {}, \"completions\": {}}}\n",
             counts.messages, counts.calls, counts.requests, counts.completions);
}
