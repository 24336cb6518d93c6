#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/address.h"
#include "common/duration.h"
#include "common/frame_reader.h"

namespace common {

/// Writes one line to stderr, whole or not at all: threads do not mix theirs, and where stderr is a
/// pipe that nobody empties the line is lost instead of waiting.
void log(std::string_view line);

/// Printable ASCII as it is, backslash doubled, everything else as \xHH: nothing that a peer sends
/// can move the reader's cursor or forge a line.
std::string escape(ByteView bytes);

/// Reports a fault of the server's own that may come again and again: at most one line a second,
/// which says how many it left out. Any thread may call it.
class RepeatedFault {
 public:
  explicit RepeatedFault(std::string_view what) : what_(what) {}
  void report(std::error_code error, Clock::time_point now);

 private:
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
