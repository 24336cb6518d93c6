#include "common/server/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <optional>
#include <utility>

#include "common/server/log_queue.h"

namespace common {
namespace {

struct Log {
  std::mutex mutex;
  LogQueue queue;
  std::optional<int> flags;       ///< For pwritev2(2), depending on the kind of file behind stderr.
  bool can_write_at_once = true;  ///< False once pwritev2(2) has turned out not to work.
};

/// Interrupts a blocking call of this thread with SIGURG, again and again, because a signal that
/// arrives before the call blocks interrupts nothing. signal(7). Without a timer the call blocks,
/// or a user who may have none (RLIMIT_SIGPENDING) would never see a line.
class WriteTimeout {
 public:
  WriteTimeout() {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGURG;
    event._sigev_un._tid = ::gettid();  // glibc has no other name for this member
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) < 0) return;
    constexpr timespec timeout{.tv_sec = 0, .tv_nsec = 10'000'000};
    constexpr itimerspec repeated{.it_interval = timeout, .it_value = timeout};
    (void)::timer_settime(timer_, 0, &repeated, nullptr);  // fails only for a wrong argument
    is_there_ = true;
  }
  WriteTimeout(const WriteTimeout&) = delete;
  WriteTimeout& operator=(const WriteTimeout&) = delete;
  ~WriteTimeout() {
    if (is_there_) (void)::timer_delete(timer_);
  }

 private:
  timer_t timer_{};
  bool is_there_ = false;
};

/// Runs before main, so that each thread inherits an unblocked SIGURG. By default the signal is
/// ignored, and an ignored signal interrupts nothing.
bool handle_sigurg() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigset_t urgent;
  sigemptyset(&urgent);
  sigaddset(&urgent, SIGURG);
  return ::sigaction(SIGURG, &action, nullptr) == 0 &&
         ::pthread_sigmask(SIG_UNBLOCK, &urgent, nullptr) == 0;
}

[[maybe_unused]] const bool is_interruptible = handle_sigurg();

bool takes_bytes(int descriptor) {
  pollfd ready{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&ready, 1, 0) > 0 && (ready.revents & POLLOUT) != 0;
}

bool is_file(int descriptor) {
  struct stat about {};
  return ::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
}

/// Writes the lines that fit, if the kernel can do so without waiting: to pipes and sockets, since
/// Linux 6.4. To a regular file we write in any case, because no signal would end a write to it.
/// False if the kernel can't, and then nothing is written.
bool write_without_waiting(Log& log) {
  if (!log.flags) log.flags = is_file(STDERR_FILENO) ? 0 : RWF_NOWAIT;
  while (log.can_write_at_once && !log.queue.empty()) {
    const auto lines = log.queue.front();
    const iovec part{.iov_base = const_cast<char*>(lines.data()), .iov_len = lines.size()};
    const auto written = ::pwritev2(STDERR_FILENO, &part, 1, -1, *log.flags);
    if (written < 0) {
      // EPERM if a filter of system calls doesn't know this one.
      log.can_write_at_once =
          errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS && errno != EPERM;
      return log.can_write_at_once;
    }
    const bool is_cut = static_cast<std::size_t>(written) < lines.size();
    log.queue.pop(static_cast<std::size_t>(written));
    if (is_cut) return true;
  }
  return log.can_write_at_once;
}

/// Leaves the lines in the queue after an error, because a full disk may have room again. If a
/// pipe's reader is gone, they are lost in any case.
void write_now(Log& log) {
  LogQueue& queue = log.queue;
  if (queue.empty() || write_without_waiting(log) || !takes_bytes(STDERR_FILENO)) return;
  const WriteTimeout timeout;
  while (!queue.empty() && takes_bytes(STDERR_FILENO)) {
    const auto lines = queue.front();
    const auto written = ::write(STDERR_FILENO, lines.data(), lines.size());
    if (written < 0) return;
    const bool is_cut = static_cast<std::size_t>(written) < lines.size();
    queue.pop(static_cast<std::size_t>(written));
    if (is_cut) return;
  }
}

Log& the_log() {
  static Log* const log = new Log;  // never destroyed: threads may still log at exit
  return *log;
}

/// JOURNAL_STREAM names the stream that systemd connected to our stderr. We compare, because a
/// program between us and systemd may have passed on the variable, but not stderr. systemd.exec(5)
bool is_journal(int descriptor) {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat file {};
  if (stream == nullptr || ::fstat(descriptor, &file) < 0) return false;
  return stream == fmt::format("{}:{}", file.st_dev, file.st_ino);
}

void write_the_rest() {
  const std::scoped_lock lock(the_log().mutex);
  write_now(the_log());
}

[[maybe_unused]] const bool at_exit = std::atexit(write_the_rest) == 0;

}  // namespace

void log(std::string_view line, Severity severity) {
  static const bool to_journal = is_journal(STDERR_FILENO);
  std::string prefixed;
  if (to_journal) line = prefixed = fmt::format("<{}>{}", static_cast<int>(severity), line);
  Log& log = the_log();
  const std::scoped_lock lock(log.mutex);
  write_now(log);  // the line may fit then
  log.queue.push(line);
  write_now(log);
}

void forget_log_lines() {
  Log& log = the_log();
  const std::scoped_lock lock(log.mutex);
  log.queue = {};
  log.flags = {};
  log.can_write_at_once = true;
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

/// How many lines were left out before this one; nullopt if this one is left out, too.
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
