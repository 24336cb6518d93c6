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

/// How much a line matters to an operator: the numbers of syslog(3).
enum class Severity { error = 3, warning = 4, info = 6 };

/// Writes one line to stderr, cut if it is longer than PIPE_BUF. Threads do not mix theirs. Where
/// stderr takes no bytes now, a full pipe or a terminal that ^S has stopped, the line waits in a
/// LogQueue until a later call, or the end of the process, finds room.
///
/// The caller waits for 10 ms at the most, whatever stderr is: a pipe, a socket, a terminal, of
/// whichever account, a serial line. A terminal that says it takes bytes may take only one, and
/// keeps a write waiting until it has them all: SIGURG ends that wait, and what is left of the
/// line stays in the queue. A regular file has no such limit, for on a file server that is dead no
/// signal ends a write. The limit is also missing where the user may have no timer
/// (RLIMIT_SIGPENDING).
///
/// Where stderr is a stream to systemd's journal, the severity goes in front, as sd-daemon(3) has
/// it, and the journal takes it off again; the journal adds the time, too. Anywhere else a line is
/// as it is.
void log(std::string_view line, Severity severity = Severity::info);

/// A child of fork(2) calls this: the lines that wait are its parent's, which writes them once. So
/// does whoever puts another file in the place of stderr.
void forget_log_lines();

/// Printable ASCII as it is, backslash doubled, everything else as \xHH: nothing that a peer sends
/// can move the reader's cursor or forge a line.
std::string escape(ByteView bytes);

/// Reports a fault of the server's own that may come again and again: at most one line a second,
/// which says how many it left out. Any thread may call it.
class RepeatedFault {
 public:
  explicit RepeatedFault(std::string_view what) : what_(what) {}
  void report(std::error_code error, Clock::time_point now);

  /// Reports a fault where the peer differs, and not the error: the line begins with the peer.
  void report(const Address& peer, Clock::time_point now);

  /// Reports a fault that is always the same.
  void report(Clock::time_point now);

 private:
  std::optional<std::uint64_t> begin_line(Clock::time_point now);

  std::string what_;
  std::atomic<Clock::rep> quiet_until_{Clock::time_point::min().time_since_epoch().count()};
  std::atomic<std::uint64_t> left_out_{0};
};

/// What is written about the connections: the reasons that say something is wrong, and with
/// --verbose all.
class ConnectionLog {
 public:
  explicit ConnectionLog(bool verbose) : verbose_(verbose) {}
  void opened(const Address& peer) const;
  /// `reason` is empty for a goodbye on a message boundary; `inside_message` tells whether one was
  /// begun.
  void closed(const Address& peer, std::error_code reason, bool inside_message) const;

 private:
  bool verbose_;
};

}  // namespace common
