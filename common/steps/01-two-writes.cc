// TCP carries bytes, not messages: two small writes arrive in one read, one big write in several.
// Try it: ./01-two-writes   Then change the sizes, or SO_RCVBUF, and see how the big write is
//         split.

#include <arpa/inet.h>
#include <err.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
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
  const int buffer_bytes = 32 * 1024;  // less than the big write, for any default
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes),
        "SO_RCVBUF");
  check(bind(listener, name, size), "bind");
  check(listen(listener, 1), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  const int client = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(connect(client, name, size), "connect");
  const int server = check(accept(listener, nullptr, nullptr), "accept");
  close(listener);
  return {client, server};
}

int main() {
  const auto [writer, reader] = connected_pair();
  const std::string big(200 * 1024, 'x');
  std::string buffer(big.size(), '\0');  // each read has room for all of it

  check(write(writer, "hello", 5), "write");
  check(write(writer, "you", 3), "write");
  int arrived = 0;
  while (arrived < 8) check(ioctl(reader, FIONREAD, &arrived), "FIONREAD");
  const ssize_t n = check(read(reader, buffer.data(), buffer.size()), "read");
  std::printf("2 writes of 5 and 3 bytes, 1 read of %zd: %s\n", n, buffer.c_str());

  std::jthread sender([&] { check(write(writer, big.data(), big.size()), "write"); });
  std::printf("1 write of %zu bytes, reads of", big.size());
  std::size_t total = 0;
  while (total < big.size()) {
    const ssize_t part = check(read(reader, buffer.data(), buffer.size()), "read");
    std::printf(" %zd", part);
    total += static_cast<std::size_t>(part);
  }
  std::printf("\n");
}
