#pragma once

#include <chrono>
#include <cstddef>

#include "common/frame_reader.h"
#include "common/server/duration.h"
#include "common/server/options.h"

namespace common {

// No option sets these; defaults that an option can change are in options.h. A limit of one server
// alone is in that server.

/// Size of a thread's receive buffer. Small, because each connection has one.
inline constexpr std::size_t thread_receive_buffer_bytes = 16 * 1024;

/// Size of a loop's receive buffer, which all connections share. The largest message of the default
/// limit fits, so one call can receive such a message, and we needn't copy it. part6 has the ring's
/// buffers, of the same size: Setup in uring/setup.h.
inline constexpr std::size_t loop_receive_buffer_bytes = header_bytes + default_max_message;

/// Size of a buffer whose bytes are used or dropped before the next read.
inline constexpr std::size_t transient_buffer_bytes = 16 * 1024;

/// How long a server waits before a retry after a shortage: no descriptor (EMFILE, ENFILE), no
/// memory, no thread, or a network that is down. part6 accepts again earlier if a connection
/// closes.
inline constexpr std::chrono::milliseconds shortage_pause(100);

/// The most connections that a loop accepts in one round, so that a flood of them doesn't keep the
/// others waiting.
inline constexpr int accept_budget = 16;

/// How long a connection waits for the peer's end of stream, after its own.
inline constexpr std::chrono::milliseconds linger_timeout = std::chrono::seconds(2);

/// A stop signal this soon after the first means the same stop, because timeout(1) sends one to its
/// child, and then one to the whole group, the child included.
inline constexpr std::chrono::milliseconds same_stop(100);

/// How often a drain asks whether the peer's kernel has acknowledged everything. No event reports
/// that.
inline constexpr std::chrono::milliseconds drain_poll_interval(5);

/// A deadline starts again when a message is complete, but the client counts from the answer, which
/// comes a little later. This margin covers the delay, so no client is closed too early unless the
/// server takes longer, for example because it was stopped just then.
inline constexpr std::chrono::milliseconds answer_time_max(100);

/// How often a connection may still receive after its deadline. The server itself may have been
/// late, so we answer messages that arrived in time. This many buffers of a thread hold more than
/// the 6 MiB that the kernel keeps of a stream by default (less in part6 if --ring sets a smaller
/// size). Without this limit, a peer that never stops sending would have no deadline.
inline constexpr int late_receives_max = 400;

/// --read-timeout plus answer_time_max. 0, no limit, becomes a century, an ordinary number, so that
/// no other code has to treat it specially.
constexpr Clock::duration loop_read_timeout(std::chrono::milliseconds read_timeout) {
  if (read_timeout == read_timeout.zero()) return std::chrono::years(100);
  return read_timeout + answer_time_max;
}

}  // namespace common
