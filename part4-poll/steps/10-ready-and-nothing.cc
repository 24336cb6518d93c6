// poll(2) says POLLIN, and recv(2) returns 0 bytes, or EAGAIN: four ways to get there. "Ready" is
// about the moment of the poll, and says that recv will not wait; it promises no bytes.
// Try it: ./10-ready-and-nothing

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

bool readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  check(poll(&entry, 1, 1000), "poll");
  return entry.revents & POLLIN;
}

void receive(int fd) {
  char bytes[16];
  const ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0 && errno != EAGAIN) check(got, "recv");
  std::printf(got < 0 ? "  EAGAIN" : "  %zd bytes", got);
}

void row(const char* what, int fd) {
  std::printf("%-32s %-6s", what, readable(fd) ? "POLLIN" : "-");
  receive(fd);
}

int main() {
  int pair[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
  const auto [ours, peer] = pair;
  check(send(peer, "x", 1, MSG_NOSIGNAL), "send");
  std::printf("%-32s %-6s", "another thread is faster", readable(ours) ? "POLLIN" : "-");
  char byte;
  check(recv(ours, &byte, 1, 0), "recv");  // the other thread; then it is our turn
  receive(ours);

  std::puts("");
  check(shutdown(ours, SHUT_RD), "shutdown");
  row("we shut down our receiving side", ours);
  std::puts("");
  close(peer);
  row("the peer has closed", ours);

  std::puts("");
  int datagrams[2];
  check(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, datagrams), "socketpair");
  check(send(datagrams[1], "", 0, MSG_NOSIGNAL), "send");
  check(send(datagrams[1], "hello", 5, MSG_NOSIGNAL), "send");
  row("an empty datagram came", datagrams[0]);
  receive(datagrams[0]);
  std::puts("");
  for (const int fd : {ours, datagrams[0], datagrams[1]}) close(fd);
}
