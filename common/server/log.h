#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/byte_view.h"
#include "common/net/address.h"
#include "common/server/duration.h"

namespace common {

/// How much a line matters to an operator, with the numbers of syslog(3).
enum class Severity { error = 3, warning = 4, info = 6 };

/// Writes one line to stderr, cut if it is longer than PIPE_BUF. Lines of different threads don't
/// mix. If stderr takes no bytes at the moment (a full pipe, or a terminal stopped by ^S), the line
/// waits in a LogQueue until a later call, or the end of the process, finds room.
///
/// The caller waits for at most 10 ms, whatever stderr is: a pipe, a socket, a serial line, or a
/// terminal of any account. poll(2) may report a terminal ready that then blocks the write; SIGURG
/// interrupts it, and the rest of the line stays queued. There is no such limit for a regular file,
/// because no signal ends a write to a dead file server, nor for a user who may have no timer
/// (RLIMIT_SIGPENDING).
///
/// If stderr is a stream to systemd's journal, the severity goes in front (sd-daemon(3)); the
/// journal removes that, and adds the time. Anywhere else we write the line alone.
void log(std::string_view line, Severity severity = Severity::info);

/// Drops the lines that wait. A child of fork(2) calls this, because the parent will write those
/// lines; so does a process that replaces stderr.
void forget_log_lines();

/// Keeps printable ASCII, doubles backslashes, and writes everything else as \xHH, so that a peer's
/// bytes can't move the reader's cursor or forge a line.
std::string escape(ByteView bytes);

/// Logs a fault of the server's own that may occur again and again. Writes at most one line a
/// second, which says how many were left out. Any thread may call this.
class RepeatedFault {
 public:
  explicit RepeatedFault(std::string_view what) : what_(what) {}
  void report(std::error_code error, Clock::time_point now);

  /// Reports a fault whose error is always the same, for `peer`, whose address begins the line.
  void report(const Address& peer, Clock::time_point now);

  /// Reports a fault that is always the same.
  void report(Clock::time_point now);

 private:
  std::optional<std::uint64_t> begin_line(Clock::time_point now);

  std::string what_;
  std::atomic<Clock::rep> quiet_until_{Clock::time_point::min().time_since_epoch().count()};
  std::atomic<std::uint64_t> left_out_{0};
};

/// Logs why connections were closed if something was wrong; with --verbose, every opening and
/// closing.
class ConnectionLog {
 public:
  explicit ConnectionLog(bool verbose) : verbose_(verbose) {}
  void opened(const Address& peer) const;
  /// `reason` is empty if the peer left on a message boundary; `inside_message` says whether a
  /// message had begun.
  void closed(const Address& peer, std::error_code reason, bool inside_message) const;

 private:
  bool verbose_;
};

}  // namespace common
