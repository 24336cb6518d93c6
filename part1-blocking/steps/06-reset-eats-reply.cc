// BROKEN on purpose, then repaired: after close with unread input, TCP sends a reset instead of the
// end of stream, and throws away the part of the answer that it has not delivered yet.
// Try it: ./06-reset-eats-reply   Then let the server read all 8 bytes: nothing is lost.

#include <arpa/inet.h>
#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

std::pair<int, int> connected_pair() {
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
  const int buffer_bytes = 8192;  // small, so that most of the answer waits on the server's side
  check(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes), "SO_RCVBUF");
  check(connect(client, name, size), "connect");
  const int server = check(accept(listener, nullptr, nullptr), "accept");
  close(listener);
  return {client, server};
}

void run(bool politely) {
  const auto [client, server] = connected_pair();
  char buffer[65536] = {};
  check(write(client, "12345678", 8), "write");
  check(read(server, buffer, 4), "read");  // half of the request stays unread
  check(write(server, buffer, sizeof buffer), "write");
  if (politely) {
    check(shutdown(server, SHUT_WR), "shutdown");
  } else {
    check(close(server), "close");
  }
  ssize_t n;
  ssize_t received = 0;
  while ((n = read(client, buffer, sizeof buffer)) > 0) received += n;
  std::printf("%zd of 65536 bytes, then %s\n", received, n < 0 ? std::strerror(errno) : "the end");
  close(client);
  if (!politely) return;
  // Read until the client's end of stream. A real server bounds this: ours waits at most 2 seconds.
  while (check(read(server, buffer, sizeof buffer), "read") > 0) continue;
  close(server);
}

int main() {
  run(false);
  run(true);
}
