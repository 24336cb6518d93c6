// poll(2) returns how many entries are ready, so the search for them may stop when it has found as
// many. Counted: the entries that are looked at, of 4000 with one that is ready.
// Try it: ./12-how-far-to-look

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

int check(ssize_t result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return static_cast<int>(result);
}

// How many entries are looked at until all that are ready have been found.
std::size_t looked_at(const std::vector<pollfd>& entries, int ready, bool stop_at_the_count) {
  std::size_t looks = 0;
  for (const pollfd& entry : entries) {
    if (stop_at_the_count && ready == 0) break;
    ++looks;
    if (entry.revents != 0) --ready;
  }
  return looks;
}

int main() {
  rlimit limit{};
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");

  std::vector<pollfd> entries(4000);
  for (pollfd& entry : entries) {
    entry = {check(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"), POLLIN, 0};
  }
  std::puts("ready entry   looked at: all   up to the count");
  for (const std::size_t where : {0, 1999, 3999}) {
    eventfd_t value = 0;
    check(eventfd_write(entries[where].fd, 1), "eventfd_write");
    const int ready = check(poll(entries.data(), entries.size(), -1), "poll");
    std::printf("%11zu %16zu %17zu\n", where, looked_at(entries, ready, false),
                looked_at(entries, ready, true));
    check(eventfd_read(entries[where].fd, &value), "eventfd_read");
  }
  for (const pollfd& entry : entries) close(entry.fd);
}
