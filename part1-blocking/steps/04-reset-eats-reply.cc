// BROKEN on purpose: after close with unread input, TCP sends a reset instead of the end of stream,
// and throws away the part of the answer that it has not delivered yet. SO_LINGER does not change
// that; 09-three-moves does.
// Try it: ./04-reset-eats-reply   In its last row, the client's buffer is large: nothing is lost.

#include <arpa/inet.h>
#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <utility>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

std::pair<int, int> connected_pair(int client_buffer_bytes) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(bind(listener, name, size), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  const int client = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &client_buffer_bytes, sizeof client_buffer_bytes),
        "SO_RCVBUF");
  check(connect(client, name, size), "connect");
  const int server = check(accept(listener, nullptr, nullptr), "accept");
  close(listener);
  return {client, server};
}

void run(const char* what, std::size_t request_read, bool so_linger, int client_buffer_bytes) {
  const auto [client, server] = connected_pair(client_buffer_bytes);
  char buffer[65536] = {};
  check(write(client, "12345678", 8), "write");
  check(read(server, buffer, request_read), "read");
  check(write(server, buffer, sizeof buffer), "write");
  if (so_linger) {
    const linger five_seconds{.l_onoff = 1, .l_linger = 5};
    check(setsockopt(server, SOL_SOCKET, SO_LINGER, &five_seconds, sizeof five_seconds), "linger");
  }
  check(close(server), "close");

  ssize_t n;
  ssize_t received = 0;
  while ((n = read(client, buffer, sizeof buffer)) > 0) received += n;
  const char* const end = n < 0 ? std::strerror(errno) : "the end";
  std::printf("%-16s %5zd of 65536 bytes, then %s\n", what, received, end);
  close(client);
}

int main() {
  const int small = 8192;  // so that most of the answer waits on the server's side
  const int large = 200'000;
  run("close, all read", 8, false, small);
  run("close, half read", 4, false, small);
  run("the same, linger", 4, true, small);
  run("half, large room", 4, false, large);
}
