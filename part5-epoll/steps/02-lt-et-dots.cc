// The same two arrivals, never read, watched in two ways; a dot is an epoll_wait(2) that says
// "ready". Level-triggered, the default, reports the present state: a dot each time. Edge-triggered
// reports what has arrived: a dot for each arrival.
// Try it: ./02-lt-et-dots

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

void ask_20_times(int epoll) {
  for (int i = 0; i < 20; ++i) {
    epoll_event event;
    std::putchar(check(epoll_wait(epoll, &event, 1, 0), "epoll_wait") > 0 ? '.' : '_');
  }
}

void watch(const char* how, unsigned flags) {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC), "pipe2");
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event interest{EPOLLIN | flags, {.fd = ends[0]}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &interest), "epoll_ctl");

  // [arrivals]
  std::printf("%-5s", how);
  for (int arrival = 1; arrival <= 2; ++arrival) {
    check(write(ends[1], "x", 1), "write");
    std::printf("   a byte comes: ");
    ask_20_times(epoll);
  }
  // [/arrivals]
  std::puts("");
  close(ends[0]);
  close(ends[1]);
  close(epoll);
}

}  // namespace

int main() {
  watch("level", 0);
  watch("edge", EPOLLET);
}
