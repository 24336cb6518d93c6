#include "finger/server/process/descriptors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace finger {
namespace {

/// A shell's terminal is open for reading as well, so a process that has it reads what is typed.
/// Without /proc, or the right to open it, it stays as it is.
void only_write_to_terminal(int descriptor, const char* path) {
  if (::isatty(descriptor) == 0) return;
  const common::Fd opened(::open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC));
  if (opened) (void)::dup2(opened.get(), descriptor);
}

/// A log in a file: what is there stays, whoever writes.
void only_append_to_file(int descriptor) {
  struct stat file {};
  if (::fstat(descriptor, &file) < 0 || !S_ISREG(file.st_mode)) return;
  (void)::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_APPEND);
}

}  // namespace

void close_inherited_descriptors(const PassedSockets& passed) {
  int last = std::max(passed_begin - 1, passed.scrapers.get());  // they are passed without a gap
  for (const common::Fd& each : passed.clients) last = std::max(last, each.get());
  (void)::close_range(static_cast<unsigned>(last + 1), ~0U, 0);  // fails only without permission
  make_empty(STDIN_FILENO);
  only_write_to_terminal(STDOUT_FILENO, "/proc/self/fd/1");
  only_write_to_terminal(STDERR_FILENO, "/proc/self/fd/2");
  only_append_to_file(STDERR_FILENO);
}

void make_empty(int descriptor) {
  // Where there is no /dev/null, as in some containers, a pipe without a writer is as empty.
  common::Fd empty(::open("/dev/null", O_RDWR | O_CLOEXEC));
  std::array<int, 2> ends{-1, -1};
  if (!empty && ::pipe2(ends.data(), O_CLOEXEC) == 0) empty = common::Fd(ends[0]);
  const common::Fd writer(ends[1]);
  if (empty.get() == descriptor) {  // it was closed
    (void)empty.release();
  } else if (empty) {
    (void)::dup2(empty.get(), descriptor);
  }
}

bool close_all_but(std::vector<int> kept, int flags) {
  std::ranges::sort(kept);
  unsigned first = 0;
  for (const int each : kept) {
    if (each < 0) continue;
    const auto number = static_cast<unsigned>(each);
    if (number > first && ::close_range(first, number - 1, flags) < 0) return false;
    first = number + 1;
  }
  return ::close_range(first, ~0U, flags) == 0;
}

}  // namespace finger
