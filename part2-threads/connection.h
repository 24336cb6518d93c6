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
/// On top of them this class enforces the limit that counts: one for a whole message, however many
/// calls its bytes take.
class Connection {
 public:
  /// Refers to `socket`, which must outlive it. A `read_timeout` of 0 means none; recv(2) itself
  /// then has no limit.
  Connection(const common::Fd& socket, std::chrono::milliseconds read_timeout);

  /// Waits for bytes, and returns a view of them in `buffer`. An empty one: the peer has ended its
  /// stream. Errors: timed_out when no message was completed in time; those of recv(2).
  common::Result<common::ByteView> receive(std::span<std::byte> buffer);

  /// Waits until the kernel has taken all of `output`: send(2) may take less than it is offered.
  /// Errors: timed_out when the peer takes nothing for as long as `read_timeout`; those of send(2).
  common::Status send_all(common::ByteView output);

  /// Gives the next message its whole time.
  void restart_timeout();

  /// Ends our side of the stream, then reads and discards until the peer ends its own, up to
  /// common::linger_timeout. Closing with input unread would send a reset, and that destroys
  /// answers on their way. When `stopping`, only until the peer's kernel has acknowledged
  /// everything. The socket itself is left to its owner to close.
  void close_gracefully(const std::atomic<bool>& stopping);

 private:
  void close_when_acknowledged();
  void limit_receive(std::chrono::milliseconds limit);
  void renew_deadline();

  const common::Fd& socket_;
  std::chrono::milliseconds read_timeout_;
  common::Clock::time_point deadline_;          ///< The message being received is due.
  bool receive_tried_ = false;                  ///< The timeout was not restarted since.
  int late_receives_ = 0;                       ///< For the message, after its deadline.
  std::chrono::milliseconds receive_limit_{0};  ///< What SO_RCVTIMEO is set to.
};

}  // namespace stage
