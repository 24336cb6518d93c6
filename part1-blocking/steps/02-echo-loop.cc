// Answers until read returns 0: the client has finished sending, but it may still be reading.
// Try it: ./02-echo-loop 5882   and in a second terminal   ncat 127.0.0.1 5882   (Ctrl-D ends it)

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

// Returns when the client has finished sending, or after an error of this connection.
void echo(int client) {
  char buffer[4096];
  ssize_t n;
  while ((n = read(client, buffer, sizeof buffer)) > 0) {
    // Usually takes all of it.
    const ssize_t sent = send(client, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL);
    if (sent < n) return warn("send");
  }
  if (n < 0) return warn("read");
  std::puts("read 0: the client is done sending");
}

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const int listener = listen_on(argc > 1 ? argv[1] : "0");
  while (true) {
    const int client = check(accept(listener, nullptr, nullptr), "accept");
    echo(client);
    close(client);
  }
}
