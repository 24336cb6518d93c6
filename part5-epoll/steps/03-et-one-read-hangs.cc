// Ten bytes arrive, edge-triggered, and the buffer holds four. BROKEN: read once for each event.
// Six bytes stay unread, no event reports them again, and the client waits for its answer for ever.
// Mended: read until EAGAIN, which only a non-blocking descriptor returns.
// Try it: ./03-et-one-read-hangs

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
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

/// Reads up to four bytes. False: there are none (EAGAIN).
bool read_some(int fd) {
  char bytes[4];
  const ssize_t got = read(fd, bytes, sizeof bytes);
  if (got < 0 && errno == EAGAIN) return false;
  std::printf(" read %d,", check(got, "read"));
  return got > 0;
}

void run(const char* form, bool until_eagain) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{EPOLLIN | EPOLLET, {.fd = ends[0]}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), "epoll_ctl");
  check(write(ends[1], "0123456789", 10), "write");

  std::printf("%s:", form);
  while (check(epoll_wait(epoll, &event, 1, 100), "epoll_wait") > 0) {
    std::printf(" woken,");
    while (read_some(event.data.fd) && until_eagain) continue;
  }
  int unread = 0;
  check(ioctl(ends[0], FIONREAD, &unread), "ioctl");
  std::printf(" asleep; %d bytes unread\n", unread);
  close(ends[0]);
  close(ends[1]);
  close(epoll);
}

}  // namespace

int main() {
  run("broken", false);
  run("mended", true);
}
