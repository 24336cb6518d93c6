#pragma once

#include "common/server/listen.h"
#include "uring/task.h"

namespace finger {

class Server;

/// Serves one client: reads its query, sends the answer or why there is none, and closes.
uring::Task<> serve(Server& server, common::Accepted accepted);

}  // namespace finger
