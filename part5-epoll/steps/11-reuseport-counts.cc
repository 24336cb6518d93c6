// Four listeners on one port (SO_REUSEPORT), each with a queue of its own. The kernel picks one
// when a client connects, by a hash of addresses and ports: roughly even, and blind to how busy
// each worker is. A client waits for that one worker.
// Try it: ./11-reuseport-counts

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

// How many connections wait to be accepted, as `ss -lt` shows under Recv-Q.
int waiting(int listener) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size), "getsockopt");
  return static_cast<int>(info.tcpi_unacked);
}

int accept_all(int listener) {
  int accepted = 0;
  while (true) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && errno == EAGAIN) return accepted;
    check(fd, "accept4");
    close(fd);
    ++accepted;
  }
}

int main() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  int listeners[4];
  // [listeners]
  for (int& listener : listeners) {
    listener = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
    const int on = 1;
    check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "setsockopt");
    check(bind(listener, name, size), "bind");
    check(listen(listener, SOMAXCONN), "listen");
    check(getsockname(listener, name, &size), "getsockname");  // the next ones bind the same port
  }
  // [/listeners]
  int clients[200];
  for (int& client : clients) {
    client = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    check(connect(client, name, size), "connect");
  }

  const auto [first, second, third, fourth] = listeners;
  while (waiting(first) + waiting(second) + waiting(third) + waiting(fourth) < 200) usleep(1000);
  std::printf("queued for the four: %d %d %d %d\n", waiting(first), waiting(second), waiting(third),
              waiting(fourth));
  // [accepts]
  const int accepted = accept_all(second) + accept_all(third) + accept_all(fourth);
  // [/accepts]
  std::printf("three accept all they get: %d; the first is busy, and %d wait for it\n", accepted,
              waiting(first));
  for (const int fd : clients) close(fd);
  for (const int fd : listeners) close(fd);
}
