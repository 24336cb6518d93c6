// With EPOLLONESHOT an entry reports once and is then off, even for a hang-up, until EPOLL_CTL_MOD
// switches it on again. So of several threads that wait in one epoll only one gets a connection,
// and has it to itself until it re-arms it: one epoll_ctl(2) for every report.
// Try it: ./04-oneshot

#include <sys/epoll.h>
#include <sys/socket.h>
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
  epoll_event event{};
  const int count = check(epoll_wait(epoll, &event, 1, 0), "epoll_wait");
  std::printf("%-30s ", after);
  if (count == 0) std::printf("nothing");
  if (event.events & EPOLLIN) std::printf("EPOLLIN");
  if (event.events & EPOLLHUP) std::printf(" EPOLLHUP");
  std::puts("");
}

}  // namespace

int main() {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  // [asks]
  epoll_event once{EPOLLIN | EPOLLONESHOT, {.fd = ends[0]}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &once), "epoll_ctl");

  check(write(ends[1], "x", 1), "write");
  ask("a byte comes", epoll);
  ask("asked again, byte unread", epoll);
  check(write(ends[1], "y", 1), "write");
  ask("another byte comes", epoll);
  check(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &once), "epoll_ctl");
  ask("re-armed", epoll);
  close(ends[1]);
  ask("the peer has closed", epoll);
  check(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &once), "epoll_ctl");
  ask("re-armed", epoll);
  // [/asks]

  close(ends[0]);
  close(epoll);
}
