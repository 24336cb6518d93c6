// A blocking send can take less than it was offered: here its timeout expires (a signal would do).
// Only a loop sends everything.
// Try it: ./03-short-write   Then remove the limit: it hangs. Which side waits for which?

#include <err.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

// Limits how long a send waits. 0: no limit.
void limit_send(int fd, int milliseconds) {
  const timeval limit{.tv_sec = 0, .tv_usec = milliseconds * 1000};
  check(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), "SO_SNDTIMEO");
}

// Sends everything, in as many calls as that takes.
void send_all(int fd, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t n = check(send(fd, rest.data(), rest.size(), MSG_NOSIGNAL), "send");
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

int main() {
  int pair[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
  const auto [client, server] = pair;
  const std::string answer(4 << 20, 'x');

  // The client doesn't read, so the kernel takes as much as it has room for, waits 100 ms, and
  // returns the number of bytes.
  limit_send(server, 100);
  const ssize_t n = check(send(server, answer.data(), answer.size(), MSG_NOSIGNAL), "send");
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
  limit_send(server, 0);
  send_all(server, std::string_view(answer).substr(static_cast<std::size_t>(n)));
  close(server);
}
