// An edge is told once. Here a client sends ten bytes, or six and the end of its stream, and the
// buffer holds four. BROKEN: read once for each event; the rest stays unread, and the client waits
// for its answer for ever. Broken, too: read until a read falls short; the end of the stream, which
// came on the same edge, goes unseen. Fixed: read until EAGAIN, or until the end.
// Try it: ./03-et-one-read-hangs

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace {

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

// [reads]
constexpr std::size_t buffer_bytes = 4;

/// Returns the number of bytes, 0 at the end of the stream, or -1 (EAGAIN) if there's nothing more.
ssize_t read_some(int fd) {
  char bytes[buffer_bytes];
  const ssize_t got = read(fd, bytes, sizeof bytes);
  if (got < 0 && errno == EAGAIN) return -1;
  check(got, "read");
  if (got > 0) std::printf(" read %zd,", got);
  if (got == 0) std::printf(" the end,");
  return got;
}

void once(int fd) { read_some(fd); }

void until_short(int fd) {
  while (read_some(fd) == buffer_bytes) continue;
}

void until_eagain(int fd) {
  while (read_some(fd) > 0) continue;
}
// [/reads]

void run(const char* form, void (*read_input)(int), bool ends_stream) {
  int ends[2];
  check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
  const int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{EPOLLIN | EPOLLET, {.fd = ends[0]}};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), "epoll_ctl");
  check(write(ends[1], "0123456789", ends_stream ? 6 : 10), "write");
  if (ends_stream) check(shutdown(ends[1], SHUT_WR), "shutdown");

  std::printf("  %-21s", form);
  while (check(epoll_wait(epoll, &event, 1, 100), "epoll_wait") > 0) {
    std::printf(" woken,");
    read_input(event.data.fd);
  }
  std::puts(" asleep");
  close(ends[0]);
  close(ends[1]);
  close(epoll);
}

}  // namespace

int main() {
  for (const bool ends_stream : {false, true}) {
    std::puts(ends_stream ? "six bytes come, and the end of the stream" : "ten bytes come");
    run("broken: once", once, ends_stream);
    run("broken: until short", until_short, ends_stream);
    run("fixed: until EAGAIN", until_eagain, ends_stream);
  }
}
