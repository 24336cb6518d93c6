// select(2) takes a set of FD_SETSIZE = 1024 bits. The bit of descriptor 1024 is past its end, in
// memory that belongs to another variable; FD_SET and the kernel write it without a check (with
// _FORTIFY_SOURCE, glibc's FD_SET checks, and aborts). BROKEN: select, here with a variable of our
// own after the set, so that no harm is done. Fixed: poll(2), which has no such set.
// Try it: ./05-select-1024

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
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

void with_select(int fd) {
  constexpr int word_bits = 8 * sizeof(long);
  long words[FD_SETSIZE / word_bits + 1] = {};  // an fd_set, and one variable after it
  long& neighbour = words[FD_SETSIZE / word_bits];
  neighbour = 42;
  words[fd / word_bits] |= 1L << fd % word_bits;  // like FD_SET(fd, set)
  const long after_set = neighbour;
  auto* const set = reinterpret_cast<fd_set*>(words);
  const int ready = check(select(fd + 1, set, nullptr, nullptr, nullptr), "select");
  std::printf("select on %d: %d ready; behind the set: 42, after FD_SET %ld, after select %ld\n",
              fd, ready, after_set, neighbour);
}

void with_poll(int fd) {
  pollfd entry{fd, POLLIN, 0};
  std::printf("poll on %d: %d ready\n", fd, check(poll(&entry, 1, -1), "poll"));
}

}  // namespace

int main() {
  rlimit limit{};
  check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");

  if (limit.rlim_max <= FD_SETSIZE) {
    std::fputs("this needs a hard limit (ulimit -Hn) of more than 1024 descriptors\n", stderr);
    return 1;
  }
  int ends[2];
  check(pipe2(ends, O_CLOEXEC), "pipe2");
  check(write(ends[1], "x", 1), "write");
  with_select(check(dup3(ends[0], FD_SETSIZE - 1, O_CLOEXEC), "dup3"));
  with_select(check(dup3(ends[0], FD_SETSIZE, O_CLOEXEC), "dup3"));
  with_poll(FD_SETSIZE);
  close(ends[0]);
  close(ends[1]);
  close(FD_SETSIZE - 1);
  close(FD_SETSIZE);
}
