// Three calls. epoll_create1 makes an interest list, epoll_ctl adds a descriptor to it once, with
// 64 bits of your own, and epoll_wait(2) returns only those that are ready: not the descriptor, but
// your 64 bits. poll(2) takes the whole list with every call.
// Try it: ./01-epoll-hello

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

void ask(const char* after, int epoll) {
  epoll_event ready[8];
  const int timeout_ms = 20;  // only so that the first call returns
  const int count = check(epoll_wait(epoll, ready, 8, timeout_ms), "epoll_wait");
  std::printf("%-18s epoll_wait returns %d", after, count);
  for (int i = 0; i < count; ++i) {
    const char* what = ready[i].events & EPOLLIN ? "EPOLLIN" : "something else";
    std::printf("   %llx: %s", static_cast<unsigned long long>(ready[i].data.u64), what);
  }
  std::puts("");
}

}  // namespace

int main() {
  int a[2];
  int b[2];
  check(pipe2(a, O_CLOEXEC), "pipe2");
  check(pipe2(b, O_CLOEXEC), "pipe2");

  // [calls]
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event interest{EPOLLIN, {.u64 = 0xaaaa}};  // the events of a, and a name of our own
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, a[0], &interest), "epoll_ctl");
  interest.data.u64 = 0xbbbb;
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, b[0], &interest), "epoll_ctl");

  ask("nothing written", epoll);
  check(write(b[1], "ping", 4), "write");
  ask("4 bytes into b", epoll);
  check(write(a[1], "pong", 4), "write");
  ask("4 bytes into a", epoll);
  char bytes[4];
  check(read(b[0], bytes, sizeof bytes), "read");
  ask("4 bytes out of b", epoll);
  // [/calls]

  close(a[0]);
  close(a[1]);
  close(b[0]);
  close(b[1]);
  close(epoll);
}
