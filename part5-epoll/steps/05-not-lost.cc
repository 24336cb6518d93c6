// What if bytes arrive while no thread waits: before epoll_ctl adds the descriptor, or between that
// and epoll_wait(2)? Nothing is lost: adding and re-arming check whether the descriptor is ready,
// for edge-triggered entries, too.
// Try it: ./05-not-lost

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

enum class Arrival { before_add, after_add, before_rearm };

int ready(unsigned flags, Arrival arrival) {
  int ends[2];
  check(pipe2(ends, O_CLOEXEC), "pipe2");
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{EPOLLIN | flags, {.fd = ends[0]}};

  // [gaps]
  if (arrival == Arrival::before_add) check(write(ends[1], "x", 1), "write");
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), "epoll_ctl");
  if (arrival == Arrival::after_add) check(write(ends[1], "x", 1), "write");
  if (arrival == Arrival::before_rearm) {
    epoll_event off{0, {.fd = ends[0]}};
    check(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &off), "epoll_ctl");
    check(write(ends[1], "x", 1), "write");
    check(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event), "epoll_ctl");
  }
  const int count = check(epoll_wait(epoll, &event, 1, 0), "epoll_wait");
  // [/gaps]
  close(ends[0]);
  close(ends[1]);
  close(epoll);
  return count;
}

}  // namespace

int main() {
  const auto row = [](const char* when, Arrival arrival) {
    std::printf("%-26s %5d  %4d\n", when, ready(0, arrival), ready(EPOLLET, arrival));
  };
  std::printf("%-26s %5s  %4s\n", "the byte came", "level", "edge");
  row("before it was added", Arrival::before_add);
  row("between add and wait", Arrival::after_add);
  row("while it was switched off", Arrival::before_rearm);
}
