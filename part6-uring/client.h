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

struct Client;

/// Shared by the clients of one loop.
struct Context {
  uring::Loop& loop;
  uring::Buffers& buffers;
  const common::Clock::duration read_timeout;  ///< For a message, or for taking answers.

  uring::IntrusiveList<Client> clients{};  ///< All, for the drain.
  /// Scratch for discarded input.
  std::array<std::byte, common::transient_buffer_bytes> discarded{};
  bool draining = false;
};

/// One client, on a ring. The functions below are those of part 1, except that the bytes from
/// receive() are good for a shorter time.
struct Client : uring::Node {
  Client(Context& its_context, common::Fd its_fd);

  Context& context;
  const common::Fd fd;
  uring::Deadline deadline;  ///< For its next message; a drain cancels it.
  uring::Lease input;        ///< Buffer of the last receive.
  bool has_ended = false;    ///< Its stream.
  std::uint16_t late_receives = 0;
};

/// Waits for bytes, and returns a view of them, good until the next call or until send_all() has to
/// wait. The view is empty if the client has ended its stream. Errors: timed_out if no message was
/// completed in time; those of recv(2).
uring::Task<common::Result<common::ByteView>> receive(Client& client);

/// Waits until the kernel has taken all of `answers`. Errors: timed_out if the client takes nothing
/// for as long as --read-timeout says; of send(2).
uring::Task<common::Status> send_all(Client& client, common::ByteView answers);

/// Gives the next message the whole timeout.
void restart_timeout(Client& client);

/// Ends our side of the stream, then reads and discards until the client ends its own, for at most
/// linger_timeout. If we closed with unread input, the kernel would send a reset, which destroys
/// answers on their way. In a drain, waits only until the client's kernel has acknowledged all.
uring::Task<> hang_up(Client& client);

/// From now on, waits for no more input: receive() returns what the kernel has already received,
/// and then reports the end of the stream.
void end_input(Client& client);

}  // namespace stage
