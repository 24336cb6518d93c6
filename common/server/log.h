#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>

#include "common/net/address.h"
#include "common/server/duration.h"

namespace common {

/// How much a line matters to an operator, with the numbers of syslog(3).
enum class Severity { error = 3, warning = 4, info = 6 };

/// Writes one line to stderr, cut if it is longer than PIPE_BUF. Lines of different threads and
/// processes don't mix. Lines that stderr doesn't take at the moment (a full pipe, a terminal
/// stopped by ^S) wait, up to 64 KiB, until a later call or the end of the process finds room. The
/// others are counted, and a line that says how many were lost comes in their place.
///
/// The caller waits for at most 10 ms for each piece of PIPE_BUF bytes, and none that isn't taken
/// is followed by another, whatever stderr is: a pipe, a socket, or a terminal of any account.
/// There is no such limit for a file, because no signal ends a write to a dead file server, nor for
/// a user who may have no timer (RLIMIT_SIGPENDING).
///
/// If stderr is a stream to systemd's journal, the severity goes in front (sd-daemon(3)); the
/// journal removes that, and adds the time. Anywhere else we write the line alone.
void log(std::string_view line, Severity severity = Severity::info);

/// Drops the lines that wait. A child of fork(2) calls this, because the parent will write those
/// lines; so does a process that replaces stderr.
void forget_log_lines();

/// A line that others may cause again and again. It is written at most once a second, and says how
/// many were left out since. Any thread may call it.
class RepeatedLine {
 public:
  void log(std::string_view line, Severity severity, Clock::time_point now);

 private:
  std::mutex mutex_;
  Clock::time_point quiet_until_ = Clock::time_point::min();
  std::uint64_t left_out_ = 0;
};

/// A fault of the server's own that may occur again and again.
class RepeatedFault {
 public:
  explicit RepeatedFault(std::string_view what) : what_(what) {}
  void report(std::error_code error, Clock::time_point now);

 private:
  std::string what_;
  RepeatedLine line_;
};

/// Logs why connections were closed if something was wrong, with a RepeatedLine for each kind, so
/// that no client fills a disk; with --verbose, every opening and closing.
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
