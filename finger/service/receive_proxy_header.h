#pragma once

#include "common/net/accept.h"
#include "common/result.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/wait/deadline.h"

namespace finger {

/// Receives the PROXY header with which a trusted proxy's connection begins, and nothing of what
/// follows it. From then on `accepted` is from the client that the header names.
/// Errors, which are logged, and after which the connection is to be closed: timed_out; cancelled,
/// and the kernel has no complete header; of ProxyHeader; cut_short, at the end of the stream; of
/// recv(2).
uring::Task<common::Status> receive_proxy_header(uring::Loop& loop, common::Accepted& accepted,
                                                 uring::Deadline& deadline);

}  // namespace finger
