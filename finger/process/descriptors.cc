#include "finger/process/descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/server/log.h"

namespace finger {
namespace {

/// A shell opens its terminal for reading as well, so whoever has that can read our user's typing.
/// Without /proc, or the right to open the terminal, the descriptor stays as it is.
void only_write_to_terminal(int descriptor, const char* path) {
  if (::isatty(descriptor) == 0) return;
  const common::Fd opened(::open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC));
  if (opened) (void)::dup2(opened.get(), descriptor);
}

}  // namespace

void close_all_but(std::vector<int> kept, std::span<const common::Fd> sockets) {
  for (const common::Fd& each : sockets) kept.push_back(each.get());
  std::ranges::sort(kept);
  unsigned first = 0;
  for (const int each : kept) {
    if (each < 0) continue;
    const auto number = static_cast<unsigned>(each);
    if (number > first) (void)::close_range(first, number - 1, 0);
    first = number + 1;
  }
  static bool is_said = false;  // the call fails only because of a filter, and then each time
  if (::close_range(first, ~0U, 0) == 0 || std::exchange(is_said, true)) return;
  common::log(
      "no close_range(2): descriptors that were open at the start stay open, even in the worker",
      common::Severity::warning);
}

void close_inherited_descriptors(std::span<const common::Fd> passed) {
  close_all_but({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}, passed);
  make_empty(STDIN_FILENO);
  only_write_to_terminal(STDOUT_FILENO, "/proc/self/fd/1");
  only_write_to_terminal(STDERR_FILENO, "/proc/self/fd/2");
}

void make_empty(int descriptor) {
  // Some containers have no /dev/null. A pipe without a writer is as empty.
  common::Fd empty(::open("/dev/null", O_RDWR | O_CLOEXEC));
  std::array<int, 2> ends{-1, -1};
  if (!empty && ::pipe2(ends.data(), O_CLOEXEC) == 0) empty = common::Fd(ends[0]);
  const common::Fd writer(ends[1]);
  if (empty) (void)::dup2(empty.get(), descriptor);
}

}  // namespace finger
