// An interest list holds open sockets, not numbers. BROKEN: rely on close(2) to take a client off
// the list. A twin (dup, or a child born of fork) keeps alice's socket open, and its events go on,
// under a number that is bob's by now. Fixed: EPOLL_CTL_DEL, then close.
// The numbers are those of chapter 7's story. Try it: ./06-dup-ghost

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

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

void new_client(int (&ends)[2]) {
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
}

void watch(int epoll, int fd) {
  epoll_event interest{EPOLLIN, {.fd = fd}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest), "epoll_ctl");
}

void unwatch(int epoll, int fd) {
  check(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr), "epoll_ctl");
}

// A thousand waits of a loop, which reads from the descriptor that an event names.
void waits(int epoll, const char* title) {
  int events = 0;
  int in_vain = 0;
  for (int i = 0; i < 1000; ++i) {
    epoll_event event{};
    if (check(epoll_wait(epoll, &event, 1, 0), "epoll_wait") == 0) continue;
    ++events;
    char bytes[8];
    if (recv(event.data.fd, bytes, sizeof bytes, MSG_DONTWAIT) < 0) ++in_vain;
  }
  std::printf("  %-28s %4d events, %4d reads in vain\n", title, events, in_vain);
}

void run(bool unwatch_first) {
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  int alice[2];
  int bob[2];

  // [ghost]
  new_client(alice);  // 1
  watch(epoll, alice[0]);
  const int twin = check(dup(alice[0]), "dup");  // 2
  if (unwatch_first) unwatch(epoll, alice[0]);
  close(alice[0]);  // 3
  new_client(bob);  // 4
  watch(epoll, bob[0]);
  std::printf("  alice was descriptor %d, and bob is %d\n", alice[0], bob[0]);

  check(write(alice[1], "boo", 3), "write");  // 5
  waits(epoll, "boo, from alice's side:");
  unwatch(epoll, bob[0]);
  waits(epoll, "the number is taken off:");
  close(twin);
  waits(epoll, "the twin is closed:");
  // [/ghost]

  for (const int fd : {alice[1], bob[0], bob[1], epoll}) close(fd);
}

int main() {
  std::puts("broken: close");
  run(false);
  std::puts("fixed: EPOLL_CTL_DEL, then close");
  run(true);
}
