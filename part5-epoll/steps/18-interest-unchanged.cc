// An answer does not fit, and the rest of it waits for room. BROKEN: the entry still asks for
// input, so no wait reports that there is room, and alice waits for the rest for ever. Fixed: it is
// changed whenever something else is waited for. Try it: ./18-interest-unchanged

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

constexpr std::size_t answer_bytes = 1'000'000;  // more than the socket takes at once

/// Reads all bytes that have arrived, and returns their number.
std::size_t read_all(int fd) {
  char bytes[65536];
  std::size_t all = 0;
  ssize_t got;
  while ((got = read(fd, bytes, sizeof bytes)) > 0) all += static_cast<std::size_t>(got);
  return all;
}

/// Sends as much as there's room for. Returns the rest.
std::string send_some(int fd, std::string held) {
  const ssize_t sent = send(fd, held.data(), held.size(), MSG_NOSIGNAL);
  if (sent > 0) held.erase(0, static_cast<std::size_t>(sent));
  return held;
}

void run(const char* form, bool change) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  const auto [ours, alice] = ends;
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{EPOLLIN, {.fd = ours}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, ours, &event), "epoll_ctl");

  // [loop]
  std::string held;  // bytes that the kernel had no room for
  std::size_t received = 0;
  check(write(alice, "?", 1), "write");
  while (check(epoll_wait(epoll, &event, 1, 100), "epoll_wait") > 0) {
    if (held.empty() && read_all(ours) > 0) held.assign(answer_bytes, '.');
    held = send_some(ours, held);
    event.events = held.empty() ? EPOLLIN : EPOLLOUT;
    if (change) check(epoll_ctl(epoll, EPOLL_CTL_MOD, ours, &event), "epoll_ctl");
    received += read_all(alice);
  }
  // [/loop]
  std::printf("%s: asleep; alice has %zu bytes, and we hold %zu\n", form, received, held.size());
  for (const int fd : {ours, alice, epoll}) close(fd);
}

int main() {
  run("broken", false);
  run("fixed", true);
}
