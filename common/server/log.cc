#include "common/server/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>
#include <ctime>

namespace common {
namespace {

/// A pipe that is ready takes this many bytes in one write, and as a whole. pipe(7)
constexpr std::size_t piece_bytes_max = PIPE_BUF;
constexpr std::size_t waiting_bytes_max = 64 * 1024;

struct Log {
  std::mutex mutex;
  std::string waiting;     ///< Lines; the first may be written in part.
  std::uint64_t lost = 0;  ///< Lines lost that no line has reported yet.
};

Log& the_log() {
  static Log* const log = new Log;  // never destroyed: threads may still log at exit
  return *log;
}

/// Interrupts a blocking call of this thread with SIGURG, again and again, because a signal that
/// arrives before the call blocks interrupts nothing. signal(7). If there is no timer, the call
/// blocks, or a user who may have none (RLIMIT_SIGPENDING) would never see a line.
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

/// Returns how many bytes stderr took, or -1 if none.
ssize_t write_piece(std::string_view piece) {
  struct stat file {};  // a write to a file can't be kept from waiting by poll(2), nor by a signal
  if (::fstat(STDERR_FILENO, &file) == 0 && S_ISREG(file.st_mode)) {
    return ::write(STDERR_FILENO, piece.data(), piece.size());
  }
  // Without waiting, if the kernel can: since Linux 6.4 for pipes and sockets.
  const iovec part{.iov_base = const_cast<char*>(piece.data()), .iov_len = piece.size()};
  const auto written = ::pwritev2(STDERR_FILENO, &part, 1, -1, RWF_NOWAIT);
  if (written >= 0) return written;

  // If the limit of descriptors is 0, poll(2) fails, and leaves `revents`.
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = POLLOUT};
  if (::poll(&ready, 1, 0) == 0 || (ready.revents & POLLOUT) == 0) return -1;
  const WriteTimeout timeout;  // a terminal that is ready may have too little room for the piece
  return ::write(STDERR_FILENO, piece.data(), piece.size());
}

bool append(Log& log, std::string_view line) {
  if (log.waiting.size() + line.size() + 1 > waiting_bytes_max) return false;
  log.waiting.append(line).push_back('\n');
  return true;
}

/// Writes whole lines until stderr takes no more. Leaves the others waiting after an error as well,
/// because a full disk may have room again. If a pipe's reader is gone, they are lost in any case.
void write_waiting(Log& log) {
  while (!log.waiting.empty()) {
    const auto piece_bytes = log.waiting.rfind('\n', piece_bytes_max - 1) + 1;
    const auto written = write_piece(std::string_view(log.waiting).substr(0, piece_bytes));
    if (written < 0) return;
    log.waiting.erase(0, static_cast<std::size_t>(written));
    if (log.lost > 0 &&
        append(log, fmt::format("(lines lost because nobody reads stderr: {})", log.lost))) {
      log.lost = 0;
    }
    if (static_cast<std::size_t>(written) < piece_bytes) return;
  }
  log.waiting.shrink_to_fit();
}

[[maybe_unused]] const bool at_exit = std::atexit([] {
                                        const std::scoped_lock lock(the_log().mutex);
                                        write_waiting(the_log());
                                      }) == 0;

/// JOURNAL_STREAM names the stream that systemd connected to our stderr. We compare, because a
/// program between us and systemd may have passed on the variable, but not stderr. systemd.exec(5)
bool is_journal(int descriptor) {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat file {};
  if (stream == nullptr || ::fstat(descriptor, &file) < 0) return false;
  return stream == fmt::format("{}:{}", file.st_dev, file.st_ino);
}

/// Returns nullptr for a goodbye, and for a fault that isn't worth a line.
RepeatedLine* line_about(std::error_code reason, bool inside_message) {
  static RepeatedLine too_long;
  static RepeatedLine cut_short;
  static RepeatedLine reset;
  if (reason == Error::too_long) return &too_long;
  if (reason == Error::cut_short) return &cut_short;
  if (reason == std::errc::connection_reset && inside_message) return &reset;
  return nullptr;
}

}  // namespace

void log(std::string_view line, Severity severity) {
  static const bool to_journal = is_journal(STDERR_FILENO);
  std::string prefixed;
  if (to_journal) line = prefixed = fmt::format("<{}>{}", static_cast<int>(severity), line);
  Log& log = the_log();
  const std::scoped_lock lock(log.mutex);
  write_waiting(log);  // the line may fit then
  // Nothing goes in before the line that reports a loss, or that line would come too late.
  if (log.lost > 0 || !append(log, line.substr(0, piece_bytes_max - 1))) ++log.lost;
  write_waiting(log);
}

void forget_log_lines() {
  const std::scoped_lock lock(the_log().mutex);
  the_log().waiting.clear();
  the_log().lost = 0;
}

void RepeatedLine::log(std::string_view line, Severity severity, Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  if (now < quiet_until_) {
    ++left_out_;
    return;
  }
  quiet_until_ = now + std::chrono::seconds(1);
  const auto more = left_out_ == 0 ? "" : fmt::format(" (and {} more)", left_out_);
  left_out_ = 0;
  common::log(fmt::format("{}{}", line, more), severity);
}

void RepeatedFault::report(std::error_code error, Clock::time_point now) {
  line_.log(fmt::format("{}: {}", what_, error.message()), Severity::warning, now);
}

void ConnectionLog::opened(const Address& peer) const {
  if (verbose_) log(fmt::format("{}: connected", peer.to_string()));
}

void ConnectionLog::closed(const Address& peer, std::error_code reason, bool inside_message) const {
  RepeatedLine* const repeated = line_about(reason, inside_message);
  if (repeated == nullptr && !verbose_) return;
  const auto line =
      fmt::format("{}: closed: {}", peer.to_string(), reason ? reason.message() : "goodbye");
  if (verbose_) {
    log(line);
  } else {
    repeated->log(line, Severity::info, Clock::now());
  }
}

}  // namespace common
