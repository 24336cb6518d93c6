// A server that closes first cannot bind its port again for a minute, unless it set SO_REUSEADDR.
// Try it: ./05-restart   and within that minute   ss -tan state time-wait

#include <arpa/inet.h>
#include <err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

// One run of a server that serves one client and closes first. Returns the port it had, or 0.
std::uint16_t run(const char* what, std::uint16_t port, int reuse) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);

  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse), "SO_REUSEADDR");
  const bool bound = bind(listener, name, size) == 0;
  std::printf("%-24s %s\n", what, bound ? "bound" : std::strerror(errno));
  if (bound) {
    check(listen(listener, 1), "listen");
    check(getsockname(listener, name, &size), "getsockname");
    const int client = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    check(connect(client, name, size), "connect");
    const int server = check(accept(listener, nullptr, nullptr), "accept");
    close(server);  // the side that closes first keeps the connection, in TIME_WAIT
    char byte;
    check(read(client, &byte, 1), "read");
    close(client);
  }
  close(listener);
  return bound ? ntohs(address.sin_port) : 0;
}

int main() {
  const std::uint16_t plain = run("without, first run:", 0, 0);
  run("without, second run:", plain, 0);
  const std::uint16_t reusing = run("with, first run:", 0, 1);
  run("with, second run:", reusing, 1);
  run("with, but too late:", plain, 1);
}
