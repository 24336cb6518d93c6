// A socket nearly always has room to send, and is then ready for POLLOUT. BROKEN: ask for POLLOUT
// with nothing to send, and poll(2) never sleeps. Fixed: ask for it when a send got EAGAIN, and
// stop when the rest has been sent.
// Try it: ./04-always-pollout

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int check(ssize_t result, const char* what) {
  if (result < 0) fail(what);
  return static_cast<int>(result);
}

/// Polls 1000 times with timeout 0: each "ready" is a turn in which a loop could not sleep.
void ask(const char* title, int fd, short events) {
  int ready = 0;
  for (int i = 0; i < 1000; ++i) {
    pollfd entry{fd, events, 0};
    ready += check(poll(&entry, 1, 0), "poll");
  }
  std::printf("%-52s ready in %4d of 1000 polls\n", title, ready);
}

}  // namespace

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  const int ours = ends[0];
  const int peer = ends[1];
  char bytes[4096] = {};

  std::puts("Nothing waits to be sent.");
  ask("  broken: ask for POLLIN|POLLOUT", ours, POLLIN | POLLOUT);
  ask("  fixed: ask for POLLIN", ours, POLLIN);

  while (send(ours, bytes, sizeof bytes, MSG_NOSIGNAL) > 0) continue;
  if (errno != EAGAIN) fail("send");
  std::puts("The peer does not read; a send got EAGAIN, so now something waits.");
  ask("  ask for POLLIN|POLLOUT", ours, POLLIN | POLLOUT);

  while (recv(peer, bytes, sizeof bytes, 0) > 0) continue;
  std::puts("The peer has read everything: there is room.");
  ask("  ask for POLLIN|POLLOUT", ours, POLLIN | POLLOUT);
  std::puts("We send what waited, and ask for POLLIN alone again.");
  check(send(ours, bytes, 100, MSG_NOSIGNAL), "send");
  ask("  ask for POLLIN", ours, POLLIN);

  close(ours);
  close(peer);
}
