// Four workers wait for one listener, and one client connects: a thundering herd. Level-triggered,
// all four wake, whether they share an epoll or have one each: one accepts, three woke for nothing.
// (Here none accepts before all are awake; in a server a quick one may spare the rest.)
// Try it: ./09-herd

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <thread>
#include <vector>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

void run(const char* title, bool shared) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int client = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);  // and port 0: the kernel picks one
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  check(bind(listener, name, size), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, name, &size), "getsockname");
  epoll_event interest{EPOLLIN, {.fd = listener}};
  int epolls[4];
  for (int& epoll : epolls) {
    epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &interest), "epoll_ctl");
  }

  std::atomic<int> woken = 0;
  std::atomic<int> accepted = 0;
  std::latch awake(4);
  // [work]
  const auto work = [&](int epoll) {
    epoll_event event;
    woken += check(epoll_wait(epoll, &event, 1, 5000), "epoll_wait");
    awake.arrive_and_wait();
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      ++accepted;
      close(fd);
    }
  };
  // [/work]
  std::vector<std::thread> workers;
  for (const int epoll : epolls) workers.emplace_back(work, shared ? epolls[0] : epoll);
  usleep(100'000);  // let them fall asleep; a late one finds the client as well
  check(connect(client, name, size), "connect");
  for (std::thread& worker : workers) worker.join();
  std::printf("%s: 1 client, %d of 4 workers woken, %d accepted\n", title, +woken, +accepted);
  for (const int epoll : epolls) close(epoll);
  close(client);
  close(listener);
}

int main() {
  run("one epoll for all ", true);
  run("an epoll for each", false);
}
