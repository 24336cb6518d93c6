#pragma once

#include <chrono>
#include <cstddef>

#include "common/frame_reader.h"
#include "common/server/duration.h"
#include "common/server/options.h"

namespace common {

// No option sets these: defaults that one can change are in options.h. What one server alone needs
// is in that server.

/// The receive buffer of a thread: one for each connection, so it is small.
inline constexpr std::size_t thread_receive_buffer_bytes = 16 * 1024;

/// The receive buffer of a loop: one for all connections, so it can hold the largest message of the
/// default limit, which one call then receives, and which is never copied. part6's are the ring's,
/// and as large: Setup in uring/ring_options.h.
inline constexpr std::size_t loop_receive_buffer_bytes = header_bytes + default_max_message;

/// A buffer whose bytes are used, or dropped, before the next read into it.
inline constexpr std::size_t transient_buffer_bytes = 16 * 1024;

/// How long a server waits before it tries again what failed in a shortage: no descriptor (EMFILE,
/// ENFILE), no memory, no thread, a network that is down. A loop accepts again earlier if one of
/// its own connections closes.
inline constexpr std::chrono::milliseconds shortage_pause(100);

/// Connections accepted in one round of a loop: a flood of them must not keep the others waiting.
inline constexpr int accept_budget = 16;

/// How long a connection waits, after its own end of stream, for the peer's.
inline constexpr std::chrono::milliseconds linger_timeout = std::chrono::seconds(2);

/// A stop signal that comes so soon after the first is the same stop: timeout(1) sends one to its
/// child, and then one to the whole group, the child included.
inline constexpr std::chrono::milliseconds same_stop(100);

/// In a drain, how often to ask whether the peer's kernel has acknowledged everything: no event
/// reports it.
inline constexpr std::chrono::milliseconds drain_poll_interval(5);

/// A deadline begins anew when a message is complete, and the client counts from its answer, which
/// comes later by whatever the server does in between. So much more time it has for that, and no
/// client is closed too early unless it takes longer, as when the process is stopped just then.
inline constexpr std::chrono::milliseconds answer_time_max(100);

/// After its deadline a connection may still make this many receives, to answer what arrived in
/// time: the server may have been late. So many buffers of a thread hold more than the 6 MiB that
/// the kernel keeps of a stream unless sysctl(8) was told otherwise; part 6's hold less if --ring
/// has made them smaller. Without the bound, a peer that never stops sending would have no
/// deadline.
inline constexpr int late_receives_max = 400;

/// What a loop makes of --read-timeout: answer_time_max is added. 0 means no limit; it becomes a
/// century, an ordinary number, so that no other code has to treat it specially.
constexpr Clock::duration loop_read_timeout(std::chrono::milliseconds read_timeout) {
  if (read_timeout == read_timeout.zero()) return std::chrono::years(100);
  return read_timeout + answer_time_max;
}

}  // namespace common
