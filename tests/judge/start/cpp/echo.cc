// A first echo server: one client after the other. README.md says what to do with it.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

// True when `size` bytes have come, in however many pieces.
bool receive(int connection, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t received = recv(connection, to, size, 0);
    if (received <= 0) {
      return false;
    }
    to += received;
    size -= received;
  }
  return true;
}

// Sends each message back, until the client has finished sending.
void serve(int connection) {
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::uint32_t length = 0;  // in the byte order of the wire: little-endian, as on most machines
  while (receive(connection, reinterpret_cast<char*>(&length), sizeof length)) {
    const std::size_t size = sizeof length + length;
    const auto message = std::make_unique_for_overwrite<char[]>(size);
    std::memcpy(message.get(), &length, sizeof length);
    if (!receive(connection, message.get() + sizeof length, length)) {
      return;
    }
    send(connection, message.get(), size, 0);
  }
}

int main(int argc, char** argv) {  // ./echo --port PORT
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(argc > 2 ? std::atoi(argv[2]) : 5882);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
      listen(listener, SOMAXCONN) < 0) {
    return 1;
  }
  while (true) {
    const int connection = accept(listener, nullptr, nullptr);
    serve(connection);
    close(connection);
  }
}
