#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/byte_view.h"
#include "common/fd.h"
#include "common/result.h"
#include "common/server/constants.h"
#include "common/server/duration.h"
#include "uring/buffers.h"
#include "uring/loop.h"
#include "uring/memory/intrusive_list.h"
#include "uring/task.h"
#include "uring/time/deadline.h"

namespace stage {

class Connection;

/// Shared by the connections of one loop.
struct ConnectionContext {
  uring::Loop& loop;
  uring::Buffers& buffers;
  const common::Clock::duration read_timeout;  ///< For a message, or for the peer to take output.

  uring::IntrusiveList<Connection> connections{};  ///< All, for the drain.
  /// Scratch for discarded input.
  std::array<std::byte, common::transient_buffer_bytes> discarded{};
  bool draining = false;
};

/// One peer, on a ring. Its functions are those of part 1, except that the bytes from receive() are
/// good for a shorter time.
class Connection : public uring::Node {
 public:
  Connection(ConnectionContext& context, common::Fd socket);

  /// Waits for bytes, and returns a view of them, good until the next call or until send_all() has
  /// to wait. The view is empty if the peer has ended its stream. Errors: timed_out if no message
  /// was completed in time; those of recv(2).
  uring::Task<common::Result<common::ByteView>> receive();

  /// Waits until the kernel has taken all of `output`. Errors: timed_out if the peer takes nothing
  /// for as long as --read-timeout says; of send(2).
  uring::Task<common::Status> send_all(common::ByteView output);

  /// Gives the next message the whole timeout.
  void restart_timeout();

  /// Ends our side of the stream, then reads and discards until the peer ends its own, for at most
  /// linger_timeout. If we closed with unread input, the kernel would send a reset, which destroys
  /// output on its way. In a drain, waits only until the peer's kernel has acknowledged everything.
  uring::Task<> hang_up();

  /// From now on, waits for no more input: receive() returns what the kernel has already received,
  /// and then reports the end of the stream.
  void end_input();

 private:
  bool may_receive_late();
  uring::Task<common::Status> send_rest(common::ByteView left);

  ConnectionContext& context_;
  const common::Fd socket_;
  uring::Deadline deadline_;  ///< When the current message is due; a drain cancels it.
  uring::Lease input_;        ///< Buffer of the last receive.
  bool peer_ended_ = false;
  std::uint16_t late_receives_ = 0;  ///< Receives made after the message's deadline.
};

}  // namespace stage
