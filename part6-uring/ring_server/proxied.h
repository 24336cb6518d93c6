#pragma once

#include "common/net/accept.h"
#include "uring/error.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/wait/deadline.h"

namespace uring {

/// Receives the PROXY header with which a trusted proxy's connection begins, and nothing of what
/// follows it. From then on `accepted` is from the client that the header names.
/// Errors, which are logged: timed_out; cancelled, and the kernel has no complete header; of
/// common::ProxiedConnection. The connection is closed.
Task<Status> receive_proxy_header(Loop& loop, common::Accepted& accepted, Deadline& deadline);

}  // namespace uring
