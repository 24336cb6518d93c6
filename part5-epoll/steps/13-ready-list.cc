// How an entry leaves the ready list. Three pipes have a byte each, and every epoll_wait(2) here
// has room for one event: it takes the entry at the head of the list. Level-triggered, the kernel
// puts it back at the end, and drops it when a later wait looks and finds nothing to report.
// Edge-triggered, it drops it at once.
// Try it: ./13-ready-list

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>
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

void hand_out(int epoll, int times) {
  for (int i = 0; i < times; ++i) {
    epoll_event event{};
    const int room = 1;
    const int ready = check(epoll_wait(epoll, &event, room, 0), "epoll_wait");
    std::printf(" %c", ready > 0 ? static_cast<char>(event.data.u32) : '-');
  }
}

void watch(const char* how, std::uint32_t flags) {
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  int pipes[3][2];
  char name = 'a';
  for (auto& ends : pipes) {
    check(pipe2(ends, O_CLOEXEC), "pipe2");
    epoll_event interest{EPOLLIN | flags, {.u32 = static_cast<std::uint32_t>(name++)}};
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &interest), "epoll_ctl");
    check(write(ends[1], "x", 1), "write");
  }

  std::printf("%-5s ", how);
  hand_out(epoll, 6);
  char byte;
  check(read(pipes[1][0], &byte, 1), "read");
  std::printf("   b is read:");
  hand_out(epoll, 4);
  std::puts("");

  for (const auto& ends : pipes) {
    close(ends[0]);
    close(ends[1]);
  }
  close(epoll);
}

}  // namespace

int main() {
  watch("level", 0);
  watch("edge", EPOLLET);
}
