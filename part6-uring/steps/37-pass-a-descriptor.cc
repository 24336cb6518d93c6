// One ring accepts, two others, each with a thread, serve. A connection in a slot of the first ring
// is not open for the others. BROKEN: telling a worker the slot's number; in its own table that is
// nothing, or another client. Fixed: passing what is in the slot (IORING_MSG_SEND_FD, Linux 6.0).
// The kernel puts it into a free slot of the worker's ring and says there which; no descriptor is
// used. Then the acceptor closes its own slot: the connection is open until both are closed.
// Try it: ./37-pass-a-descriptor

#include <liburing.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

namespace {

enum UserData : __u64 { ignored, accepted, connection, received, report, stop };

int listener;
// A Unix socket: a connected client is in the queue without delay.
sockaddr_un address{AF_UNIX, {}};
socklen_t address_bytes = sizeof(sa_family_t);  // without a name: bind(2) picks one

/// -1 with errno, or, as liburing's functions return it, a negative errno.
int check(int result, const char* what) {
  if (result < 0) {
    std::printf("%s: %s\n", what, strerrorname_np(result == -1 ? errno : -result));
    std::exit(1);
  }
  return result;
}

struct Ring {
  io_uring raw;
  Ring() {
    check(io_uring_queue_init(8, &raw, 0), "io_uring_queue_init");
    check(io_uring_register_files_sparse(&raw, 4), "io_uring_register_files_sparse");
  }
  ~Ring() { io_uring_queue_exit(&raw); }

  /// The next completion's user_data and result. Those that are ignored are left out.
  std::pair<UserData, int> next() {
    while (true) {
      io_uring_cqe* cqe = nullptr;
      check(io_uring_submit_and_wait(&raw, 1), "io_uring_submit_and_wait");
      check(io_uring_wait_cqe(&raw, &cqe), "io_uring_wait_cqe");
      const std::pair completion{static_cast<UserData>(cqe->user_data), cqe->res};
      io_uring_cqe_seen(&raw, cqe);
      if (completion.first != ignored) return completion;
    }
  }

  /// An entry to fill in; it is submitted by next().
  io_uring_sqe* entry(UserData user_data) {
    io_uring_sqe* sqe = io_uring_get_sqe(&raw);
    io_uring_sqe_set_data64(sqe, user_data);
    return sqe;
  }

  void close_slot(int slot) { io_uring_prep_close_direct(entry(ignored), unsigned(slot)); }

  void tell(const Ring& other, UserData what, int value) {
    io_uring_prep_msg_ring(entry(ignored), other.raw.ring_fd, unsigned(value), what, 0);
  }

  // [pass]
  /// Puts what is in our slot into a free one of the other ring, where a completion tells which.
  void pass(const Ring& other, int slot) {
    io_uring_sqe* sqe = entry(ignored);
    const auto* command = reinterpret_cast<const void*>(IORING_MSG_SEND_FD);
    io_uring_prep_rw(IORING_OP_MSG_RING, sqe, other.raw.ring_fd, command, 0, connection);
    sqe->addr3 = static_cast<__u64>(slot);
    sqe->file_index = IORING_FILE_INDEX_ALLOC;
  }
  // [/pass]
};

/// Serves one client after the other: reads, answers with the worker's name, closes.
void work(Ring& ring, Ring& acceptor, const char* name) {
  char bytes[8];
  int slot = 0;
  while (true) {
    const auto [what, value] = ring.next();
    if (what == stop) return;
    if (what == connection) {
      slot = value;
      io_uring_sqe* sqe = ring.entry(received);
      io_uring_prep_recv(sqe, slot, bytes, sizeof bytes, 0);
      sqe->flags = IOSQE_FIXED_FILE;
      continue;
    }
    if (value > 0) {
      io_uring_sqe* sqe = ring.entry(ignored);
      io_uring_prep_send(sqe, slot, name, 1, MSG_NOSIGNAL);
      sqe->flags = IOSQE_FIXED_FILE | IOSQE_IO_LINK;
      ring.close_slot(slot);
    }
    ring.tell(acceptor, report, value);
  }
}

/// Accepts a client and hands it to the worker, as a number or itself.
void hand_over(Ring& ring, const Ring& worker, bool pass) {
  const int client = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(connect(client, reinterpret_cast<sockaddr*>(&address), address_bytes), "connect");
  check(static_cast<int>(send(client, "hi", 2, MSG_NOSIGNAL)), "send");
  io_uring_sqe* sqe = ring.entry(accepted);
  io_uring_prep_accept(sqe, listener, nullptr, nullptr, 0);
  sqe->file_index = IORING_FILE_INDEX_ALLOC;
  const int slot = check(ring.next().second, "accept");
  if (pass) {
    ring.pass(worker, slot);
  } else {
    ring.tell(worker, connection, slot);
  }
  ring.close_slot(slot);
  const int result = ring.next().second;  // the worker's report
  char answer = '-';
  if (result > 0) check(static_cast<int>(recv(client, &answer, 1, 0)), "recv");
  std::printf("  our slot %d; the worker receives: %s; the client hears: %c\n", slot,
              result < 0 ? strerrorname_np(-result) : "hi", answer);
  close(client);
}

}  // namespace

int main() {
  listener = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  check(bind(listener, name, address_bytes), "bind");
  address_bytes = sizeof address;
  check(getsockname(listener, name, &address_bytes), "getsockname");
  check(listen(listener, SOMAXCONN), "listen");
  Ring acceptor;
  Ring a;
  Ring b;
  std::thread thread_a([&] { work(a, acceptor, "A"); });
  std::thread thread_b([&] { work(b, acceptor, "B"); });
  std::puts("broken, the number of the slot");
  hand_over(acceptor, a, false);
  std::puts("fixed, what is in the slot");
  hand_over(acceptor, a, true);
  hand_over(acceptor, b, true);
  acceptor.tell(a, stop, 0);
  acceptor.tell(b, stop, 0);
  check(io_uring_submit(&acceptor.raw), "io_uring_submit");
  thread_a.join();
  thread_b.join();
}
