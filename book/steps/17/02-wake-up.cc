// Two ways for a thread to wake a loop that sleeps in poll(2): the eventfd(2) of Linux and FreeBSD,
// and the pipe(2) that every Unix has. The loop does not read for a while, and the writers go on:
// what is left unread, what does a write return, and how many reads empty it?
// Try it: ./02-wake-up

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

bool is_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return check(poll(&entry, 1, 0), "poll") == 1;
}

template <typename Unit>
void try_it(const char* name, int from, int to) {
  const Unit one = 1;
  int taken = 0;
  while (taken < 100'000 && write(to, &one, sizeof one) == sizeof one) ++taken;
  std::printf("%-8s %6d of 100000 writes taken, readable: %s,", name, taken,
              is_readable(from) ? "yes" : "no");
  int reads = 0;
  Unit buffer[512];
  const std::size_t size = sizeof(Unit) == 1 ? sizeof buffer : sizeof one;
  while (read(from, buffer, size) > 0) ++reads;
  std::printf(" empty after %d read%s\n", reads, reads == 1 ? "" : "s");
}

int main() {
  const int counter = check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  try_it<std::uint64_t>("eventfd", counter, counter);

  int ends[2];
  check(pipe(ends), "pipe");
  for (const int end : ends) {  // pipe2(2) does all of it in one call, where it exists
    check(fcntl(end, F_SETFL, O_NONBLOCK), "F_SETFL");
    check(fcntl(end, F_SETFD, FD_CLOEXEC), "F_SETFD");
  }
  try_it<char>("pipe", ends[0], ends[1]);
}
