#include "common/server/print.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace common {

Status print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // another process made stdout non-blocking
      pollfd ready{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      (void)::poll(&ready, 1, -1);  // after EINTR we write again
    } else if (errno != EINTR) {
      return last_error();
    }
  }
  return {};
}

}  // namespace common
