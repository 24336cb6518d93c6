// BROKEN on purpose: a server that stops has shut down receiving. If it shuts down sending as well,
// before its answer has been acknowledged, the client's next bytes are answered with a reset, and
// what has not been delivered is gone.
// Try it: ./05-both-ends-shut   and ./05-both-ends-shut afterwards   which waits: nothing is lost.

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

void run(const char* what, bool at_once) {
  const auto [client, server] = connected_pair();
  char buffer[65536] = {};
  // [shut]
  check(write(server, buffer, sizeof buffer), "write");
  check(shutdown(server, SHUT_RD), "shutdown");  // as a stop does
  if (at_once) check(shutdown(server, SHUT_WR), "shutdown");
  check(write(client, "more", 4), "write");  // the client knows of nothing yet
  // [/shut]

  ssize_t n = 1;
  ssize_t received = 0;
  while (received < 65536 && n > 0) {
    n = read(client, buffer, sizeof buffer);
    if (n > 0) received += n;
  }
  if (!at_once) check(shutdown(server, SHUT_WR), "shutdown");
  if (n > 0) n = read(client, buffer, sizeof buffer);
  const char* const end = n < 0 ? std::strerror(errno) : "the end";
  std::printf("%-11s %5zd of 65536 bytes, then %s\n", what, received, end);
  close(client);
  close(server);
}

int main(int argc, char**) {
  const bool at_once = argc == 1;
  run(at_once ? "at once:" : "afterwards:", at_once);
}
