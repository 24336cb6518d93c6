#include "common/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <mutex>

namespace common {

void log(std::string_view line) {
  static std::mutex mutex;
  const std::string whole = fmt::format("{}\n", line);
  const std::scoped_lock lock(mutex);
  // A pipe that nobody empties must not stop the server: such a line is lost. A pipe that is ready
  // has room for PIPE_BUF bytes at least, and ours are shorter. pipe(7)
  pollfd stderr_ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&stderr_ready, 1, 0) <= 0 || (stderr_ready.revents & POLLOUT) == 0) return;
  (void)!::write(STDERR_FILENO, whole.data(), whole.size());  // if it fails, whom to tell?
}

std::string escape(ByteView bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    const char character = static_cast<char>(byte);
    if (character == '\\') {
      text += "\\\\";
    } else if (character >= ' ' && character <= '~') {
      text += character;
    } else {
      text += fmt::format("\\x{:02x}", std::to_integer<unsigned>(byte));
    }
  }
  return text;
}

void RepeatedFault::report(std::error_code error, Clock::time_point now) {
  constexpr auto pause = std::chrono::nanoseconds(std::chrono::seconds(1)).count();
  const auto now_count = now.time_since_epoch().count();
  auto quiet_until = quiet_until_.load();
  if (now_count < quiet_until ||
      !quiet_until_.compare_exchange_strong(quiet_until, now_count + pause)) {
    left_out_.fetch_add(1);
    return;
  }
  const auto left_out = left_out_.exchange(0);
  const auto more = left_out == 0 ? "" : fmt::format(" (and {} times more)", left_out);
  log(fmt::format("{}: {}{}", what_, error.message(), more));
}

void ConnectionLog::opened(const Address& peer) const {
  if (verbose_) log(fmt::format("{}: connected", peer.to_string()));
}

void ConnectionLog::closed(const Address& peer, std::error_code reason, bool inside_message) const {
  const bool worth_a_line = reason == Error::too_long || reason == Error::cut_short ||
                            (reason == std::errc::connection_reset && inside_message);
  if (!worth_a_line && !verbose_) return;
  log(fmt::format("{}: closed: {}", peer.to_string(), reason ? reason.message() : "goodbye"));
}

}  // namespace common
