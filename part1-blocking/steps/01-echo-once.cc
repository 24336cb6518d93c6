// The fewest calls that make an echo server: socket, bind, listen, accept, read, write, close. It
// reads once, answers once and closes; what the client sends after that is never read.
// Try it: ./01-echo-once 5882   and in a second terminal   ncat 127.0.0.1 5882   Type two lines.

#include <arpa/inet.h>
#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

// Listens on this port of 127.0.0.1; for port 0 the kernel picks one.
int listen_on(const char* text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(text, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  return listener;
}

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const int listener = listen_on(argc > 1 ? argv[1] : "0");
  const int client = check(accept(listener, nullptr, nullptr), "accept");

  char buffer[4096];
  const ssize_t n = check(read(client, buffer, sizeof buffer), "read");
  const ssize_t written = check(write(client, buffer, static_cast<std::size_t>(n)), "write");
  close(client);
  std::printf("read %zd, written %zd, closed\n", n, written);
  close(listener);
}
