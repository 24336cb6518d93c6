#pragma once

#include "common/net/listen.h"
#include "finger/server/context.h"
#include "uring/task.h"

namespace finger {

/// Serves one client: reads its query, sends the answer or the reason why there is none, and
/// closes the connection.
uring::Task<> serve(const Context& context, common::Accepted accepted);

}  // namespace finger
