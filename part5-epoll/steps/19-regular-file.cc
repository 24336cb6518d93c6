// epoll(7) has nothing to say about a regular file: no packet ever arrives for it that would put it
// on the ready list, and epoll_ctl(2) refuses it with EPERM. poll(2) calls it ready, always, though
// a read may have to wait for the disk.
// Try it: ./19-regular-file

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

void try_both(const char* title, int fd) {
  pollfd entry{fd, POLLIN, 0};
  const int ready = check(poll(&entry, 1, 0), "poll");
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event interest{EPOLLIN, {.fd = fd}};
  const int added = epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest);
  std::printf("%-14s poll: %-9s  epoll_ctl: %s\n", title, ready > 0 ? "readable" : "not ready",
              added == 0 ? "ok" : std::strerror(errno));
  close(epoll);
}

}  // namespace

int main() {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC), "pipe2");
  try_both("an empty pipe", ends[0]);
  close(ends[0]);
  close(ends[1]);

  const int file = check(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "open");  // this program
  try_both("a regular file", file);
  close(file);
}
