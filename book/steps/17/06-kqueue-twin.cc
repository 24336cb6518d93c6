// What closing a descriptor does to its entry in a kqueue(2), if a twin of it is left: part5's
// 06-dup-ghost, with the other list. For macOS and the BSDs; on Linux it is built where there is
// libkqueue.
// Try it: c++ -std=c++20 06-kqueue-twin.cc && ./a.out

#include <sys/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

int main() {
  const int queue = check(kqueue(), "kqueue");
  int alice[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, alice), "socketpair");
  struct kevent change;
  EV_SET(&change, static_cast<uintptr_t>(alice[0]), EVFILT_READ, EV_ADD, 0, 0, nullptr);
  check(kevent(queue, &change, 1, nullptr, 0, nullptr), "kevent");

  // [twin]
  const int twin = check(dup(alice[0]), "dup");
  close(alice[0]);
  check(write(alice[1], "boo", 3), "write");
  int events = 0;
  for (int i = 0; i < 1000; ++i) {
    const timespec no_time{};
    struct kevent event;
    events += check(kevent(queue, nullptr, 0, &event, 1, &no_time), "kevent");
  }
  std::printf("alice is closed, her twin is open: %d events\n", events);
  // [/twin]
  close(twin);
}
