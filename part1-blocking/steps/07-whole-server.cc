// A whole server on a page: it sends each message back, to one client after the other.
// Try it: ./07-whole-server 5882   and in a second terminal
//         printf '\2\0\0\0hi' | ncat 127.0.0.1 5882 | xxd

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

template <typename T>
T check(T result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int listen_on(const char* port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  // [nodelay]
  check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  // [/nodelay]
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

bool receive_all(int client, std::span<unsigned char> room) {
  while (!room.empty()) {
    const ssize_t n = recv(client, room.data(), room.size(), 0);
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (n > 0) room = room.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool send_all(int client, std::span<const unsigned char> rest) {
  while (!rest.empty()) {
    const ssize_t n = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) rest = rest.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

// Returns when the client has finished sending, announces too much, or is gone.
void serve(int client) {
  static unsigned char message[4 + 65536];
  while (true) {
    if (!receive_all(client, std::span(message).first(4))) return;
    const std::uint32_t size =
        message[0] + message[1] * 0x100U + message[2] * 0x10000U + message[3] * 0x1000000U;
    if (size > sizeof message - 4) return;
    if (!receive_all(client, std::span(message).subspan(4, size))) return;
    if (!send_all(client, std::span(message).first(4 + size))) return;
  }
}

int main(int argc, char** argv) {
  const int listener = listen_on(argc > 1 ? argv[1] : "0");
  while (true) {
    const int client = check(accept(listener, nullptr, nullptr), "accept");
    serve(client);
    close(client);
  }
}
