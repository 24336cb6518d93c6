#include "common/log.h"

#include <fmt/format.h>
#include <unistd.h>

namespace common {

void log(std::string_view line) {
  const std::string whole = fmt::format("{}\n", line);
  // Where stderr is gone or full there is nobody left to tell.
  (void)!::write(STDERR_FILENO, whole.data(), whole.size());
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
