// A signal handler sets a flag, and the loop looks at the flag before it sleeps. BROKEN: the signal
// comes after the look and before poll(2), which sleeps as long as it may. Fixed: the handler
// writes to an eventfd, too, and poll watches it. Try it: ./09-stop-in-the-gap

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace {

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

enum class Moment { before_look, in_the_gap, in_poll };

/// SIGALRM in a fifth of a second, when poll(2) sleeps.
void signal_soon() {
  const itimerval once{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 200'000}};
  check(setitimer(ITIMER_REAL, &once, nullptr), "setitimer");
}

// [sleeps]
volatile std::sig_atomic_t stopping = 0;
int wake = -1;  // an eventfd, or -1, which poll skips

void on_signal(int) {
  const int interrupted = errno;
  stopping = 1;
  if (wake >= 0) eventfd_write(wake, 1);
  errno = interrupted;
}

const char* look_and_sleep(Moment signal_comes) {
  stopping = 0;
  if (signal_comes == Moment::before_look) std::raise(SIGALRM);
  if (stopping) return "does not sleep";
  if (signal_comes == Moment::in_the_gap) std::raise(SIGALRM);
  if (signal_comes == Moment::in_poll) signal_soon();

  pollfd entry{wake, POLLIN, 0};
  const int ready = poll(&entry, 1, 1000);
  if (ready < 0) return errno == EINTR ? "is woken: EINTR" : "fails";
  return ready > 0 ? "is woken by wake" : "SLEEPS ON";
}
// [/sleeps]

void try_all(const char* form) {
  std::printf("%-19s", form);
  for (const auto moment : {Moment::before_look, Moment::in_the_gap, Moment::in_poll}) {
    std::printf(" %-*s", moment == Moment::in_poll ? 0 : 18, look_and_sleep(moment));
    eventfd_t count = 0;
    if (wake >= 0) eventfd_read(wake, &count);
  }
  std::puts("");
}

}  // namespace

int main() {
  std::signal(SIGALRM, on_signal);
  std::printf("%-19s %-18s %-18s %s\n", "the signal comes", "before the look", "in the gap",
              "during poll");
  try_all("broken: a flag");
  wake = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  try_all("fixed: an eventfd");
  close(wake);
}
