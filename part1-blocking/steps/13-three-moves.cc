// The whole server again, with another way to hang up: it ends its own side, reads and discards
// what the client still sends, for two seconds and hardly more, and only then closes. Try it:
// ./13-three-moves 5882   and in a second terminal
//         printf '\2\0\0\0hi\377\377\377\377and more' | ncat 127.0.0.1 5882 | xxd

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

using Clock = std::chrono::steady_clock;

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
    if (n <= 0) return false;
    room = room.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool send_all(int client, std::span<const unsigned char> rest) {
  while (!rest.empty()) {
    const ssize_t n = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0) return false;
    rest = rest.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

// Returns when the client has finished sending, announces too much, or cannot be reached any more.
void serve(int client) {
  static unsigned char message[4 + 65536];
  while (receive_all(client, std::span(message).first(4))) {
    const std::uint32_t size =
        message[0] | message[1] << 8 | message[2] << 16 | std::uint32_t{message[3]} << 24;
    if (size > sizeof message - 4) return;
    if (!receive_all(client, std::span(message).subspan(4, size))) return;
    if (!send_all(client, std::span(message).first(4 + size))) return;
  }
}

void hang_up(int client) {
  // First our end of the stream, after the last answer.
  if (shutdown(client, SHUT_WR) == 0) {
    // Then what the client still sends, until its end or until two seconds are over: no call waits
    // for more than a tenth of a second, and after each we look at the clock.
    const timeval at_most{.tv_sec = 0, .tv_usec = 100'000};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &at_most, sizeof at_most);
    const auto give_up = Clock::now() + std::chrono::seconds(2);
    char discarded[4096];
    while (Clock::now() < give_up) {
      const ssize_t n = recv(client, discarded, sizeof discarded, 0);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) break;
    }
  }
  close(client);
}

int main(int argc, char** argv) {
  const int listener = listen_on(argc > 1 ? argv[1] : "0");
  while (true) {
    const int client = check(accept(listener, nullptr, nullptr), "accept");
    serve(client);
    hang_up(client);
  }
}
