#pragma once

#include "common/net/accept.h"
#include "uring/cancel/canceller.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/time/deadline.h"

namespace finger {

/// The kinds of connections from a trusted proxy.
enum class Proxied {
  client,  ///< The header names a client, or says that the proxy doesn't know it.
  check,   ///< The header says that the proxy checks whether somebody answers. A query may follow.
  silent,  ///< The proxy left before its first byte, which shows that the port is open.
  refused  ///< There is no header, or none in time. We log a line.
};

/// Receives the PROXY header with which a trusted proxy's connection begins, and no byte after it.
/// Then `accepted` has the address of the client that the header names. When `stopping` is
/// cancelled, a header that the kernel already holds still counts. If the header is missing, the
/// logged line begins with the address if `is_named`.
uring::Task<Proxied> receive_proxy_header(uring::Loop& loop, common::Accepted& accepted,
                                          uring::Deadline& deadline, uring::Canceller& stopping,
                                          bool is_named);

}  // namespace finger
