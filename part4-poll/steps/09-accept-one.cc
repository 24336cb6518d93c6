// Four clients wait, and every wake-up accepts only one. poll(2) is level-triggered: it says
// "ready" while any client waits, so none is forgotten. Accepting until EAGAIN takes fewer wake-ups
// and one more call; a server limits it.
// Try it: ./09-accept-one

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
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

// How many connections wait to be accepted: what `ss -lt` shows as Recv-Q.
int waiting(int listener) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size), "getsockopt");
  return static_cast<int>(info.tcpi_unacked);
}

void serve_four(int accepts_max) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  check(bind(listener, name, size), "bind");
  check(listen(listener, 4), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  int clients[4];
  for (int& client : clients) {
    client = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    check(connect(client, name, size), "connect");
  }
  while (waiting(listener) < 4) usleep(1000);  // the last handshakes may still be under way

  std::printf("at most %2d a wake-up: 4 wait", accepts_max);
  // [accepts]
  pollfd entry{listener, POLLIN, 0};
  while (check(poll(&entry, 1, 0), "poll") > 0) {
    for (int i = 0; i < accepts_max; ++i) {
      const int one = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (one < 0 && errno == EAGAIN) break;
      close(check(one, "accept4"));
    }
    std::printf(", then %d", waiting(listener));
  }
  // [/accepts]
  std::puts("; asleep");
  for (const int client : clients) close(client);
  close(listener);
}

int main() {
  serve_four(1);
  serve_four(10);
}
