// 09-herd again, an epoll for each of four workers, but the listener is added with EPOLLEXCLUSIVE:
// the kernel wakes one of the sleepers (it promises: at least one). A hundred clients connect one
// by one, each when all four workers sleep. The kernel begins with the first in line every time.
// Try it: ./10-exclusive

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

// Whether the kernel shows the thread as sleeping. proc_pid_stat(5)
bool asleep(pid_t thread) {
  std::ifstream stat("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string line;
  return std::getline(stat, line) && line.find(") S ") != line.npos;
}

// Listens on the loopback, and stores the address in `name`.
int listen_here(sockaddr* name, socklen_t size) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  return listener;
}

int main() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  const int listener = listen_here(name, sizeof address);

  const int stop = check(eventfd(0, EFD_CLOEXEC), "eventfd");
  int epolls[4];
  for (int& epoll : epolls) {
    epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    // [add]
    epoll_event event{EPOLLIN | EPOLLEXCLUSIVE, {.fd = listener}};
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
    // [/add]
    event = {EPOLLIN, {.fd = stop}};
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, stop, &event), "epoll_ctl");
  }

  std::atomic<int> wakeups = 0;
  std::atomic<int> accepted[4] = {};
  std::atomic<int> accepted_by_all = 0;
  std::atomic<pid_t> ids[4] = {};
  const auto work = [&](int i) {
    ids[i] = gettid();
    while (true) {
      epoll_event event;
      check(epoll_wait(epolls[i], &event, 1, -1), "epoll_wait");
      if (event.data.fd == stop) return;
      ++wakeups;
      const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;  // EAGAIN: another was quicker
      close(fd);
      ++accepted[i];
      ++accepted_by_all;
      accepted_by_all.notify_one();
    }
  };
  std::thread workers[4];
  for (int i = 0; i < 4; ++i) workers[i] = std::thread(work, i);

  for (int clients = 0; clients < 100; ++clients) {
    for (const auto& id : ids) {
      while (!asleep(id)) usleep(1000);
    }
    const int client = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    check(connect(client, name, sizeof address), "connect");
    accepted_by_all.wait(clients);
    close(client);
  }
  check(eventfd_write(stop, 1), "eventfd_write");
  for (std::thread& worker : workers) worker.join();
  std::printf("100 clients, one by one: %d wake-ups\n", +wakeups);
  std::printf("accepted by the four: %d %d %d %d\n", +accepted[0], +accepted[1], +accepted[2],
              +accepted[3]);
  for (const int epoll : epolls) close(epoll);
  close(listener);
  close(stop);
}
