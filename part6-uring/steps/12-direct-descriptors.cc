// A ring may have a table of files of its own. Operations put an open file or a connection into a
// slot of it, read and close by the slot (IOSQE_FIXED_FILE), and leave the process's descriptors
// alone. BROKEN: accept when the table is full. The client is taken off the queue, has no slot
// (-ENFILE), and reads end of stream. Fixed: accept when there is a free slot; until then the
// client waits. Needs Linux 5.19 (slots that the kernel picks).
// Try it: ./12-direct-descriptors

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

io_uring ring;
int listener;
// A Unix socket: a connected client is in the queue without delay.
sockaddr_un address{AF_UNIX, {}};
socklen_t address_bytes = sizeof(sa_family_t);  // without a name: bind(2) picks one

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

std::string text(int result) {
  return result < 0 ? std::string("-") + strerrorname_np(-result) : std::to_string(result);
}

/// Submits what `prepare` fills in, and waits for the result. One at a time: no user_data needed.
template <typename Prepare>
int run(Prepare prepare) {
  prepare(io_uring_get_sqe(&ring));
  check_result(io_uring_submit_and_wait(&ring, 1), "io_uring_submit_and_wait");
  io_uring_cqe* cqe = nullptr;
  check_result(io_uring_peek_cqe(&ring, &cqe), "io_uring_peek_cqe");
  const int result = cqe->res;
  io_uring_cqe_seen(&ring, cqe);
  return result;
}

int read_slot(unsigned slot, char (&bytes)[16]) {
  return run([&](io_uring_sqe* sqe) {
    io_uring_prep_read(sqe, static_cast<int>(slot), bytes, sizeof bytes, 0);
    io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);  // the number is a slot, not a descriptor
  });
}

int close_slot(unsigned slot) {
  return run([&](io_uring_sqe* sqe) { io_uring_prep_close_direct(sqe, slot); });
}

int accept_into_slot() {
  return run([](io_uring_sqe* sqe) {
    io_uring_prep_accept(sqe, listener, nullptr, nullptr, 0);
    sqe->file_index = IORING_FILE_INDEX_ALLOC;  // liburing 2.3's ..._accept_direct takes it for 0
  });
}

int new_client() {
  const int client = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  check(connect(client, reinterpret_cast<sockaddr*>(&address), address_bytes), "connect");
  return client;
}

int lowest_free_descriptor() {
  const int number = check(fcntl(listener, F_DUPFD_CLOEXEC, 0), "fcntl");
  close(number);
  return number;
}

void a_file() {
  char bytes[16] = {};
  const int before = lowest_free_descriptor();
  const int opened = run([](io_uring_sqe* sqe) {
    io_uring_prep_openat_direct(sqe, AT_FDCWD, "/proc/sys/kernel/ostype", O_RDONLY, 0, 0);
  });
  std::printf("open into slot 0: %s; descriptors used: %d\n", text(opened).c_str(),
              lowest_free_descriptor() - before);
  std::printf("read slot 0: %s bytes, ", text(read_slot(0, bytes)).c_str());
  std::printf("%s", bytes);
  std::printf("close slot 0: %s\n", text(close_slot(0)).c_str());
  std::printf("read slot 0: %s\n", text(read_slot(0, bytes)).c_str());
}

void clients() {
  for (const char* client : {"a", "b", "c"}) {
    pollfd its{new_client(), POLLIN, 0};
    std::printf("accept %s: %s", client, text(accept_into_slot()).c_str());
    char byte;
    const bool end = poll(&its, 1, 0) > 0 && read(its.fd, &byte, 1) == 0;
    std::puts(end ? "; it reads end of stream" : "");
  }
  pollfd its{new_client(), POLLIN, 0};
  std::printf("d connects and %s\n", poll(&its, 1, 0) > 0 ? "hears something" : "waits");
  std::printf("close slot 1: %s\n", text(close_slot(1)).c_str());
  std::printf("accept d: %s\n", text(accept_into_slot()).c_str());
}

}  // namespace

int main() {
  listener = check(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  check(bind(listener, name, address_bytes), "bind");
  address_bytes = sizeof address;
  check(getsockname(listener, name, &address_bytes), "getsockname");
  check(listen(listener, SOMAXCONN), "listen");
  check_result(io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
  check_result(io_uring_register_files_sparse(&ring, 2), "io_uring_register_files_sparse");
  a_file();
  clients();
  io_uring_queue_exit(&ring);
  close(listener);
}
