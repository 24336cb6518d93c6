// A drain has shut down receiving, and a client that reads slowly sends one more byte. BROKEN: the
// server has shut down sending as well, as a careful close does. The kernel answers the byte with a
// reset, and throws away what it has not delivered. Fixed: our end of the stream waits until
// everything is acknowledged.
// Try it: ./23-drain-both-ways   Then take out the byte: both forms deliver everything.

#include <arpa/inet.h>
#include <err.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
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

int unacknowledged(int fd) {
  int bytes;
  check(ioctl(fd, SIOCOUTQ, &bytes), "SIOCOUTQ");
  return bytes;
}

void run(const char* form, bool end_comes_last) {
  const auto [client, server] = connected_pair();
  char buffer[65536] = {};
  check(write(server, buffer, sizeof buffer), "write");

  // [drain]
  check(shutdown(server, SHUT_RD), "shutdown");  // the drain begins, and has nothing to answer
  if (!end_comes_last) check(shutdown(server, SHUT_WR), "shutdown");
  check(write(client, "x", 1), "write");

  ssize_t received = 0;
  ssize_t n = -1;
  while (n != 0) {
    n = recv(client, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) break;
    if (n > 0) received += n;
    if (end_comes_last && unacknowledged(server) == 0) shutdown(server, SHUT_WR);
    usleep(5000);
  }
  // [/drain]
  const char* const end = n < 0 ? std::strerror(errno) : "the end";
  std::printf("%-15s %5zd of 65536 bytes, then %s\n", form, received, end);
  close(server);
  close(client);
}

int main() {
  run("both shut down", false);
  run("end comes last", true);
}
