// A blocking send can take less than it was offered: here its timeout expires (a signal would do).
// Only a loop sends everything.
// Try it: ./04-short-write   Then remove the timeout: it hangs. Which side waits for which?

#include <err.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <thread>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int main() {
  int pair[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
  const auto [client, server] = pair;
  const timeval timeout{.tv_sec = 0, .tv_usec = 100'000};
  check(setsockopt(server, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout), "SO_SNDTIMEO");
  const std::string answer(4 << 20, 'x');

  // The client does not read: the kernel takes what it has room for, waits 100 ms, and returns how
  // much that was.
  ssize_t n = check(send(server, answer.data(), answer.size(), MSG_NOSIGNAL), "send");
  std::printf("send of %zu bytes took %zd\n", answer.size(), n);

  std::jthread reader([fd = client] {
    std::string buffer(65536, '\0');
    std::size_t received = 0;
    while (const ssize_t part = check(read(fd, buffer.data(), buffer.size()), "read")) {
      received += static_cast<std::size_t>(part);
    }
    std::printf("after the loop the client has %zu\n", received);
    close(fd);
  });
  auto sent = static_cast<std::size_t>(n);
  while (sent < answer.size()) {
    n = send(server, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) err(1, "send");  // EAGAIN: time is up, no byte was taken
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
  close(server);
}
