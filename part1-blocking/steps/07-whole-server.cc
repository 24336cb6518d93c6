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
#include <string_view>

int check(int result, const char* what) {
  if (result < 0) err(1, "%s", what);
  return result;
}

int listen_on(const char* port) {
  const int type = SOCK_STREAM;
  const int listener = check(socket(AF_INET, type, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const auto name = reinterpret_cast<sockaddr*>(&address);
  const int on = 1;
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

// The length in the first four bytes, lowest byte first.
std::uint32_t length_in(std::string_view bytes) {
  std::uint32_t length = 0;
  for (const unsigned i : {3U, 2U, 1U, 0U}) {
    length = length << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return length;
}

constexpr std::size_t message_bytes_max = 4 + 65536;  // the header, too

// [yours]
bool receive_all(int client, std::span<char> room) {
  while (!room.empty()) {
    const ssize_t n = recv(client, room.data(), room.size(), 0);
    if (n <= 0) return false;
    room = room.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

// Returns when the client has finished sending, announces too much, or is gone.
void serve(int client) {
  static char message[message_bytes_max];
  while (true) {
    if (!receive_all(client, {message, 4})) return;
    const std::uint32_t size = length_in({message, 4});
    if (size > sizeof message - 4) return;
    if (!receive_all(client, {message + 4, size})) return;
    send(client, message, 4 + size, MSG_NOSIGNAL);
  }
}

// [/yours]
int main(int argc, char** argv) {
  const int listener = listen_on(argc > 1 ? argv[1] : "0");
  while (true) {
    const int client = check(accept(listener, nullptr, nullptr), "accept");
    // [yours]
    serve(client);
    // [/yours]
    close(client);
  }
}
