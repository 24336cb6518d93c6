// One thread waits for two pipes with a single call. poll(2) fills in `revents` and returns how
// many entries are ready. It reports the present state, not what has changed: unread bytes are
// reported again and again ("level-triggered").
// Try it: ./01-poll-two-pipes

#include <fcntl.h>
#include <poll.h>
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

const char* name(const pollfd& entry) { return entry.revents & POLLIN ? "POLLIN" : "-"; }

void ask(const char* after, int a, int b) {
  pollfd entries[] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
  const int timeout_ms = 20;  // only so that the first call returns
  const int ready = check(poll(entries, 2, timeout_ms), "poll");
  std::printf("%-18s poll returns %d   a: %-6s   b: %s\n", after, ready, name(entries[0]),
              name(entries[1]));
}

}  // namespace

int main() {
  int a[2];
  int b[2];
  check(pipe2(a, O_CLOEXEC), "pipe2");
  check(pipe2(b, O_CLOEXEC), "pipe2");
  char bytes[16];

  // [asks]
  ask("nothing written", a[0], b[0]);
  check(write(b[1], "ping", 4), "write");
  ask("4 bytes into b", a[0], b[0]);
  ask("asked again", a[0], b[0]);
  check(write(a[1], "pong", 4), "write");
  ask("4 bytes into a", a[0], b[0]);
  check(read(b[0], bytes, 2), "read");
  ask("2 bytes out of b", a[0], b[0]);
  check(read(b[0], bytes, sizeof bytes), "read");
  ask("b read empty", a[0], b[0]);
  // [/asks]

  close(a[0]);
  close(a[1]);
  close(b[0]);
  close(b[1]);
}
