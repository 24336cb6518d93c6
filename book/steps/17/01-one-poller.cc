// Three classes that answer one question, "which of these can be read?", by poll(2), epoll(7) and,
// where there is one, kqueue(2); one test for all of them.
// Try it: ./01-one-poller
// build: also with libkqueue

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>
#if __has_include(<sys/epoll.h>)
#include <sys/epoll.h>
#endif
#if __has_include(<sys/event.h>)
#include <sys/event.h>
#endif

// [concept]
template <typename P>
concept Poller = requires(P poller, int fd) {
  poller.watch(fd);
  poller.forget(fd);
  std::vector<int>(poller.readable());  // never waits, so that the test need not
};
// [/concept]

struct PollPoller {
  std::vector<pollfd> set;
  void watch(int fd) { set.push_back({fd, POLLIN, 0}); }
  void forget(int fd) {
    std::erase_if(set, [fd](const pollfd& entry) { return entry.fd == fd; });
  }
  std::vector<int> readable() {
    std::vector<int> found;
    poll(set.data(), static_cast<nfds_t>(set.size()), 0);
    for (const auto& entry : set) {
      if (entry.revents != 0) found.push_back(entry.fd);
    }
    return found;
  }
};

#if __has_include(<sys/epoll.h>)
struct EpollPoller {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  void watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
  void forget(int fd) { epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr); }
  std::vector<int> readable() {
    epoll_event events[8];
    std::vector<int> found;
    const int count = epoll_wait(epoll, events, 8, 0);
    for (int i = 0; i < count; ++i) found.push_back(events[i].data.fd);
    return found;
  }
};
#endif

#if __has_include(<sys/event.h>)
// [kqueue]
struct KqueuePoller {
  int queue = kqueue();
  void watch(int fd) { change(fd, EV_ADD); }
  void forget(int fd) { change(fd, EV_DELETE); }
  void change(int fd, unsigned short flags) {
    struct kevent wanted;
    EV_SET(&wanted, static_cast<uintptr_t>(fd), EVFILT_READ, flags, 0, 0, nullptr);
    kevent(queue, &wanted, 1, nullptr, 0, nullptr);
  }
  std::vector<int> readable() {
    struct kevent events[8];
    const timespec no_wait{};
    std::vector<int> found;
    const int count = kevent(queue, nullptr, 0, events, 8, &no_wait);
    for (int i = 0; i < count; ++i) {
      found.push_back(static_cast<int>(events[i].ident));
    }
    return found;
  }
};
// [/kqueue]
#endif

// [test]
template <Poller P>
void test(const char* name, P poller = {}) {
  int a[2];
  int b[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, a) < 0) return;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, b) < 0) return;
  const auto show = [&](const char* what) {
    std::string found;
    for (const int fd : poller.readable()) found += fd == a[0] ? "a" : "b";
    std::ranges::sort(found);
    std::printf("%-8s %-16s %s\n", name, what, found.empty() ? "-" : found.c_str());
  };
  poller.watch(a[0]);
  poller.watch(b[0]);
  show("silence");
  (void)!write(b[1], "x", 1);
  show("a byte for b");
  show("asked again");
  close(a[1]);
  show("a's peer closed");
  poller.forget(b[0]);
  show("b forgotten");
}
// [/test]

int main() {
  test<PollPoller>("poll");
#if __has_include(<sys/epoll.h>)
  test<EpollPoller>("epoll");
#endif
#if __has_include(<sys/event.h>)
  test<KqueuePoller>("kqueue");
#endif
}
