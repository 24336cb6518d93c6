// An interest list holds open sockets, not numbers. BROKEN: rely on close(2) to take a client off
// the list. A twin (dup, or a child born of fork) keeps the socket open, and its events go on,
// under a number that is closed or already belongs to another client. Fixed: EPOLL_CTL_DEL, then
// close.
// Try it: ./06-dup-ghost

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

int ready(int epoll, epoll_event& event) {
  return check(epoll_wait(epoll, &event, 1, 0), "epoll_wait");
}

void broken(int epoll, const int (&pair)[2]) {
  // [ghost]
  const int twin = check(dup(pair[0]), "dup");
  close(pair[0]);
  check(write(pair[1], "boo", 3), "write");
  epoll_event out{};
  const int n = ready(epoll, out);
  std::printf("ready: %d, for descriptor %d (closed)\n", n, out.data.fd);
  const int removed = epoll_ctl(epoll, EPOLL_CTL_DEL, pair[0], nullptr);
  std::printf("removing it: %s\n", removed == 0 ? "done" : std::strerror(errno));
  close(twin);
  std::printf("after closing the twin: %d\n", ready(epoll, out));
  // [/ghost]
}

void fixed(int epoll, const int (&pair)[2]) {
  const int twin = check(dup(pair[0]), "dup");
  check(epoll_ctl(epoll, EPOLL_CTL_DEL, pair[0], nullptr), "epoll_ctl");
  close(pair[0]);
  check(write(pair[1], "boo", 3), "write");
  epoll_event out{};
  std::printf("removed before close: %d, with the twin still open\n", ready(epoll, out));
  close(twin);
}

int main() {
  for (const auto form : {broken, fixed}) {
    int pair[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
    const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    epoll_event in{EPOLLIN, {.fd = pair[0]}};
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &in), "epoll_ctl");
    form(epoll, pair);
    close(pair[1]);
    close(epoll);
  }
}
