#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <span>

#include "common/byte_view.h"
#include "common/fd.h"
#include "common/result.h"
#include "common/server/duration.h"

namespace stage {

/// One peer, on a blocking socket. SO_RCVTIMEO and SO_SNDTIMEO limit how long a single call waits.
/// On top of them, this class enforces the limit that counts, for a whole message, however many
/// calls its bytes take.
class Connection {
 public:
  /// `socket` must outlive the connection. A `read_timeout` of 0 means none; recv(2) itself then
  /// has no limit.
  Connection(const common::Fd& socket, std::chrono::milliseconds read_timeout);

  /// Waits for bytes, and returns a view of them in `buffer`, empty at the end of the peer's
  /// stream. Errors: timed_out if no message was completed in time; those of recv(2).
  common::Result<common::ByteView> receive(std::span<std::byte> buffer);

  /// Waits until the kernel has taken all of `output`, of which each send(2) may take only a part.
  /// Errors: timed_out if the peer takes nothing for as long as `read_timeout`; those of send(2).
  common::Status send_all(common::ByteView output);

  /// Gives the next message the whole timeout.
  void restart_timeout();

  /// Ends our side of the stream, then reads and discards until the peer ends its own, for at most
  /// common::linger_timeout. If we closed with unread input, the kernel would send a reset, which
  /// destroys answers on their way. When `stopping`, waits only until the peer's kernel has
  /// acknowledged everything. The owner of the socket closes it.
  void close_gracefully(const std::atomic<bool>& stopping);

 private:
  void close_when_acknowledged();
  void limit_receive(std::chrono::milliseconds limit);
  void renew_deadline();

  const common::Fd& socket_;
  std::chrono::milliseconds read_timeout_;
  common::Clock::time_point deadline_;  ///< When the current message is due.
  /// Whether a receive was tried since restart_timeout().
  bool receive_tried_ = false;
  int late_receives_ = 0;                       ///< Receives made after deadline_.
  std::chrono::milliseconds receive_limit_{0};  ///< Current value of SO_RCVTIMEO.
};

}  // namespace stage
