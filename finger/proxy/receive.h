#pragma once

#include "common/net/accept.h"
#include "uring/cancel/canceller.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/time/deadline.h"

namespace finger {

/// What a trusted proxy's connection has turned out to be.
enum class Proxied {
  client,  ///< The header names a client, or says that the proxy does not know it.
  check,   ///< The header says that the proxy looks whether somebody answers. A query may follow.
  silent,  ///< The proxy has left before its first byte: it has looked whether the port is open.
  refused  ///< There is no header, or none in time. A line says so.
};

/// Receives the PROXY header with which a trusted proxy's connection begins, and nothing of what
/// follows it. From then on `accepted` is from the client that the header names. When `stopping` is
/// cancelled a header that the kernel holds already still counts. What the log says of one that is
/// missing begins with the address if that is to be named.
uring::Task<Proxied> receive_proxy_header(uring::Loop& loop, common::Accepted& accepted,
                                          uring::Deadline& deadline, uring::Canceller& stopping,
                                          bool is_named);

}  // namespace finger
