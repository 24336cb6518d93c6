// BROKEN on purpose, then repaired: a blocking server's write_all fails half-way on a non-blocking
// socket. EAGAIN means "later": the server must keep the bytes that are left, and how far it got.
// Try it: ./02-partial-write

#include <err.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

// Wrong here: returns only "all" or "error", and loses the count with its stack frame.
bool write_all(int fd, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

// Right: the bytes and the count survive between calls.
struct Output {
  std::string bytes;
  std::size_t sent = 0;
  // Sends as much as the kernel has room for. Returns whether that was all.
  bool flush(int fd) {
    while (sent < bytes.size()) {
      const ssize_t n = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) return false;
      if (n < 0) err(1, "send");
      sent += static_cast<std::size_t>(n);
    }
    return true;
  }
};

// Does one read on the client's side.
std::size_t read_some(int fd) {
  std::string buffer(4 << 20, '\0');
  const ssize_t n = recv(fd, buffer.data(), buffer.size(), 0);
  if (n < 0) err(1, "recv");
  return static_cast<std::size_t>(n);
}

int main() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) err(1, "socketpair");
  const std::string answer(4 << 20, 'x');
  if (!write_all(pair[0], answer)) std::printf("write_all: %s\n", std::strerror(errno));
  std::printf("write_all: the client has %zu of %zu bytes\n", read_some(pair[1]), answer.size());

  Output output{answer};
  std::size_t received = 0;
  int calls = 1;
  while (!output.flush(pair[0])) {
    received += read_some(pair[1]);
    ++calls;
  }
  received += read_some(pair[1]);
  std::printf("flush, %d calls: the client has %zu of %zu bytes\n", calls, received, answer.size());
}
