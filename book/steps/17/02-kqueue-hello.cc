// One call that changes what is wanted and waits for it; a filter says what kind of event is waited
// for. For macOS and the BSDs; on Linux it is built where there is libkqueue.
// Try it: c++ -std=c++20 02-kqueue-hello.cc && ./a.out

#include <sys/event.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

int queue;

/// Its name; the numbers differ between systems.
const char* name_of(short filter) {
  switch (filter) {
    case EVFILT_READ:
      return "read";
    case EVFILT_TIMER:
      return "timer";
    case EVFILT_SIGNAL:
      return "signal";
    case EVFILT_USER:
      return "user";
    default:
      return "?";
  }
}

// [ask]
/// Hands in the changes, none or one, and takes out an event, if there is one, in the same call.
void ask(const char* what, const struct kevent* change = nullptr) {
  const timespec a_while{.tv_sec = 0, .tv_nsec = 50'000'000};
  struct kevent event;
  const int n = check(kevent(queue, change, change ? 1 : 0, &event, 1, &a_while), "kevent");
  std::printf("%-22s %d", what, n);
  if (n > 0) std::printf("  %s, data %ld", name_of(event.filter), static_cast<long>(event.data));
  std::puts("");
}

void ask(const char* what, uintptr_t ident, short filter, unsigned short flags, unsigned fflags = 0,
         intptr_t data = 0) {
  struct kevent change;
  EV_SET(&change, ident, filter, flags, fflags, data, nullptr);
  ask(what, &change);
}
// [/ask]

int main() {
  int level[2];
  int edge[2];
  check(pipe(level), "pipe");
  check(pipe(edge), "pipe");
  queue = check(kqueue(), "kqueue");
  check(write(level[1], "four", 4), "write");
  check(write(edge[1], "four", 4), "write");

  // [hello]
  ask("four bytes", static_cast<uintptr_t>(level[0]), EVFILT_READ, EV_ADD);
  ask("asked again");
  ask("no more of these", static_cast<uintptr_t>(level[0]), EVFILT_READ, EV_DELETE);
  ask("EV_CLEAR: four bytes", static_cast<uintptr_t>(edge[0]), EVFILT_READ, EV_ADD | EV_CLEAR);
  ask("asked again");
  ask("a timer of 10 ms", 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0, 10);
  std::signal(SIGUSR1, SIG_IGN);  // the filter counts what is sent, handled or not
  ask("a signal, not sent", SIGUSR1, EVFILT_SIGNAL, EV_ADD);
  kill(getpid(), SIGUSR1);
  ask("a signal, sent");
  ask("ourselves", 1, EVFILT_USER, EV_ADD | EV_CLEAR);
  ask("ourselves, triggered", 1, EVFILT_USER, 0, NOTE_TRIGGER);
  // [/hello]
}
