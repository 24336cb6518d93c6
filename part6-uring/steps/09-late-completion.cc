// close(2) ends no operation. A read goes on, and completes when its client is long gone. BROKEN:
// user_data is the client's descriptor, or its address: the next client has got both, and gets the
// completion. Fixed: user_data is the operation, which lives until its last completion and knows
// whether its client still exists. Needs Linux 5.6.
// Try it: ./09-late-completion

#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

struct Client {
  const char* name;
  int fd;
};

Client slot;  // only one, so that a new client always gets the memory of one that has left

struct Read {
  Client* client;  // nullptr: it has left
  char buffer[16];
};

enum class Form { descriptor, address, operation };

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

/// Checks a call that returns a negative errno instead of -1, as liburing's functions do.
int check_result(int result, const char* what) {
  if (result < 0) errno = -result;
  return check(result, what);
}

void set_user_data(io_uring_sqe* sqe, Form form, Read* read) {
  if (form == Form::operation) return io_uring_sqe_set_data(sqe, read);
  if (form == Form::address) return io_uring_sqe_set_data(sqe, read->client);
  io_uring_sqe_set_data64(sqe, static_cast<__u64>(read->client->fd));
}

/// The client that this completion is taken for, or nullptr.
const Client* find(const io_uring_cqe* cqe, Form form) {
  void* user_data = io_uring_cqe_get_data(cqe);
  if (form == Form::operation) return static_cast<Read*>(user_data)->client;
  if (form == Form::address) return static_cast<Client*>(user_data);
  return io_uring_cqe_get_data64(cqe) == static_cast<__u64>(slot.fd) ? &slot : nullptr;
}

void connect_client(const char* name, int (&ends)[2]) {
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  slot = {name, ends[0]};
}

void replace_alice(io_uring& ring, const char* title, Form form) {
  int alice[2];
  int bob[2];
  connect_client("alice", alice);
  auto* const read = new Read{&slot, {}};
  io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  io_uring_prep_recv(sqe, slot.fd, read->buffer, sizeof read->buffer, 0);
  set_user_data(sqe, form, read);
  check_result(io_uring_submit(&ring), "io_uring_submit");

  close(slot.fd);  // enough of alice
  read->client = nullptr;
  connect_client("bob", bob);
  check(write(alice[1], "I am alice", 10), "write");  // late, but the read holds her socket

  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_wait_cqe(&ring, &cqe), "io_uring_wait_cqe");
  const Client* client = find(cqe, form);
  std::printf("%s: %s says \"%.*s\"\n", title, client ? client->name : "nobody we know",
              check_result(cqe->res, "recv"), read->buffer);
  io_uring_cqe_seen(&ring, cqe);
  delete read;  // its last completion
  close(alice[1]);
  close(bob[0]);
  close(bob[1]);
}

}  // namespace

int main() {
  io_uring ring;
  check_result(io_uring_queue_init(4, &ring, 0), "io_uring_queue_init");
  replace_alice(ring, "broken, the descriptor", Form::descriptor);
  replace_alice(ring, "broken, the address", Form::address);
  replace_alice(ring, "fixed, the operation", Form::operation);
  io_uring_queue_exit(&ring);
}
