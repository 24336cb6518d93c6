#include "common/server/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <utility>

#include "common/fd.h"
#include "common/server/log_queue.h"

namespace common {
namespace {

struct Log {
  std::mutex mutex;
  LogQueue queue;
};

/// O_NONBLOCK is a property of the open file, which others share with us, the shell among them. A
/// terminal or a pipe can be opened once more. Nothing: its kind or its owner forbids that.
Fd open_stderr_again() {
  struct stat file {};
  if (::fstat(STDERR_FILENO, &file) < 0) return {};
  if (!S_ISCHR(file.st_mode) && !S_ISFIFO(file.st_mode)) return {};  // files: another position
  return Fd(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

ssize_t write_without_waiting(std::string_view lines) {
  if (const Fd own = open_stderr_again()) return ::write(own.get(), lines.data(), lines.size());
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 0) <= 0 || (ready.revents & POLLOUT) == 0) return -1;
  return ::write(STDERR_FILENO, lines.data(), lines.size());
}

/// After an error the lines stay in the queue: a disk may have room again. If the reader of a pipe
/// has gone for good, they are lost in any case.
void write_now(LogQueue& queue) {
  while (!queue.empty()) {
    const auto written = write_without_waiting(queue.front());
    if (written < 0) return;
    queue.pop(static_cast<std::size_t>(written));
  }
}

Log& the_log() {
  static Log* const log = new Log;  // never destroyed: threads may log while the process ends
  return *log;
}

/// systemd says which stream it has connected our stderr to. A program between us and systemd may
/// have passed the variable on, and stderr not: hence the comparison. systemd.exec(5)
bool is_journal(int descriptor) {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat file {};
  if (stream == nullptr || ::fstat(descriptor, &file) < 0) return false;
  return stream == fmt::format("{}:{}", file.st_dev, file.st_ino);
}

void write_the_rest() {
  const std::scoped_lock lock(the_log().mutex);
  write_now(the_log().queue);
}

[[maybe_unused]] const bool at_exit = std::atexit(write_the_rest) == 0;

}  // namespace

void log(std::string_view line, Severity severity) {
  static const bool to_journal = is_journal(STDERR_FILENO);
  std::string prefixed;
  if (to_journal) line = prefixed = fmt::format("<{}>{}", static_cast<int>(severity), line);
  Log& log = the_log();
  const std::scoped_lock lock(log.mutex);
  write_now(log.queue);  // the line may fit then
  log.queue.push(line);
  write_now(log.queue);
}

void forget_log_lines() {
  const std::scoped_lock lock(the_log().mutex);
  the_log().queue = {};
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
  const auto left_out = begin_line(now);
  if (!left_out) return;
  const auto more = *left_out == 0 ? "" : fmt::format(" (and {} more)", *left_out);
  log(fmt::format("{}: {}{}", what_, error.message(), more), Severity::warning);
}

void RepeatedFault::report(const Address& peer, Clock::time_point now) {
  const auto left_out = begin_line(now);
  if (!left_out) return;
  const auto more = *left_out == 0 ? "" : fmt::format(" (and {} more)", *left_out);
  log(fmt::format("{} {}{}", peer.to_string(), what_, more), Severity::warning);
}

void RepeatedFault::report(Clock::time_point now) {
  const auto left_out = begin_line(now);
  if (!left_out) return;
  const auto more = *left_out == 0 ? "" : fmt::format(" (and {} more)", *left_out);
  log(what_ + more, Severity::warning);
}

/// How many were left out before this one; nullopt: it is left out, too.
std::optional<std::uint64_t> RepeatedFault::begin_line(Clock::time_point now) {
  constexpr auto pause = std::chrono::nanoseconds(std::chrono::seconds(1)).count();
  const auto now_count = now.time_since_epoch().count();
  auto quiet_until = quiet_until_.load();
  if (now_count < quiet_until ||
      !quiet_until_.compare_exchange_strong(quiet_until, now_count + pause)) {
    left_out_.fetch_add(1);
    return std::nullopt;
  }
  return left_out_.exchange(0);
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
