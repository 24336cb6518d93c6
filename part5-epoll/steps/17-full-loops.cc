// A server on epoll(7) in several threads, each with a loop, an epoll and a listener of
// its own, on one port: the kernel decides which of them a client gets, see SO_REUSEPORT in
// socket(7). An answer takes 10 ms of a processor. The loops share the permits for clients: the
// second argument says how many loops there are, and the third how many permits. BROKEN, "first": a
// permit that is given back wakes one loop only, and the client may be in another one's queue.
// Try it: ./17-full-loops 5882 2 1   and in other terminals   ncat 127.0.0.1 5882

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <thread>
#include <vector>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

int port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

int listen_on(int port) {
  const int listener =
      check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "setsockopt");
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  return listener;
}

std::int64_t used_ns() {  // by this thread, on whatever core
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

// [compute]
// Stands for a signature, a compressed page, or a move in a game.
void compute() {
  const std::int64_t end = used_ns() + 10'000'000;  // 10 ms of a processor
  while (used_ns() < end) {
  }
}
// [/compute]

// Echoes the bytes of one recv. False if the client has closed, or must be closed.
bool echo(int client) {
  char bytes[4096];
  const ssize_t got = recv(client, bytes, sizeof bytes, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got > 0) compute();
  return got > 0 && send(client, bytes, static_cast<size_t>(got), MSG_NOSIGNAL) == got;
}

// [permits]
std::mutex mutex;           // for what follows
int permits = 1000;         // for clients, in all loops together
std::vector<int> sleepers;  // eventfds, each of a loop that found no permit
bool only_first = false;    // BROKEN

bool take_permit(int wake) {
  const std::scoped_lock lock(mutex);
  if (permits > 0) {
    --permits;
    return true;
  }
  sleepers.push_back(wake);
  return false;
}

void give_back_permit() {
  const std::scoped_lock lock(mutex);
  ++permits;
  while (!sleepers.empty()) {
    eventfd_write(sleepers.front(), 1);
    sleepers.erase(sleepers.begin());
    if (only_first) return;
  }
}
// [/permits]

int watch(int epoll, int how, int fd, std::uint32_t interest) {
  epoll_event event{interest, {.fd = fd}};
  return epoll_ctl(epoll, how, fd, &event);
}

// [accept]
// Accepts until the queue is empty. False without a permit, so the loop stops watching.
bool accept_clients(int listener, int epoll, int wake) {
  while (take_permit(wake)) {
    const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0 && watch(epoll, EPOLL_CTL_ADD, client, EPOLLIN) == 0) continue;
    if (client >= 0) close(client);
    give_back_permit();
    return true;
  }
  return false;
}
// [/accept]

void run_loop(int listener) {
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  const int wake = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  check(watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN), "epoll_ctl");
  check(watch(epoll, EPOLL_CTL_ADD, wake, EPOLLIN), "epoll_ctl");
  while (true) {
    epoll_event batch[64];
    const int ready = epoll_wait(epoll, batch, 64, -1);
    if (ready < 0 && errno == EINTR) continue;  // it was stopped and continued, or is traced
    check(ready, "epoll_wait");
    // A token isn't needed: nothing is duplicated, and a client is closed only on its own event.
    // [batch]
    for (int i = 0; i < ready; ++i) {
      const int fd = batch[i].data.fd;
      if (fd == listener) {
        if (accept_clients(listener, epoll, wake)) continue;
        check(watch(epoll, EPOLL_CTL_MOD, listener, 0), "epoll_ctl");
      } else if (fd == wake) {  // there may be a permit
        eventfd_t times;
        eventfd_read(wake, &times);
        check(watch(epoll, EPOLL_CTL_MOD, listener, EPOLLIN), "epoll_ctl");
      } else if (!echo(fd)) {
        close(fd);  // epoll forgets it, too
        give_back_permit();
      }
    }
    // [/batch]
  }
}

int main(int argc, char** argv) {
  const int loops = argc > 2 ? std::atoi(argv[2]) : 1;
  if (argc > 3) permits = std::atoi(argv[3]);
  only_first = argc > 4 && std::strcmp(argv[4], "first") == 0;
  const int first = listen_on(argc > 1 ? std::atoi(argv[1]) : 0);
  std::vector<std::jthread> others;
  for (int i = 1; i < loops; ++i) others.emplace_back(run_loop, listen_on(port_of(first)));
  std::printf("listening on 127.0.0.1:%d\n", port_of(first));
  std::fflush(stdout);
  run_loop(first);
}
