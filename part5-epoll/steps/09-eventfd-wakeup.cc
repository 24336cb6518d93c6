// A thread has results for a loop that sleeps in epoll_wait(2); an eventfd(2) on the interest list
// wakes it. It is a counter: writes add up, one read takes the sum and leaves 0, so ten results
// cost one wake-up. The results themselves go through a queue.
// Try it: ./09-eventfd-wakeup

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

struct Mailbox {
  const int wakeup = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  std::mutex mutex;
  std::vector<int> results;  // guarded by mutex

  void put(int result) {
    const std::uint64_t one = 1;
    const std::lock_guard lock(mutex);
    results.push_back(result);
    check(write(wakeup, &one, sizeof one), "write");
  }
  std::vector<int> take_all() {
    std::uint64_t puts = 0;
    const std::lock_guard lock(mutex);
    check(read(wakeup, &puts, sizeof puts), "read");
    return std::exchange(results, {});
  }
  ~Mailbox() { close(wakeup); }
};

int main() {
  Mailbox mailbox;
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{EPOLLIN, {.fd = mailbox.wakeup}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, mailbox.wakeup, &event), "epoll_ctl");

  std::jthread one([&] { mailbox.put(1); });
  check(epoll_wait(epoll, &event, 1, -1), "epoll_wait");
  std::printf("woken by the other thread: %zu result\n", mailbox.take_all().size());

  std::thread([&] {
    for (int i = 0; i < 10; ++i) mailbox.put(i);
  }).join();
  check(epoll_wait(epoll, &event, 1, -1), "epoll_wait");
  std::printf("woken once: %zu results\n", mailbox.take_all().size());
  std::printf("asked again: %d ready\n", check(epoll_wait(epoll, &event, 1, 0), "epoll_wait"));
  close(epoll);
}
