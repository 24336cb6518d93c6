#pragma once

#include "finger/server/address_limit.h"
#include "finger/server/context.h"
#include "ring_server/acceptor.h"
#include "uring/task.h"

namespace finger {

/// Serves one client: reads its query, sends the answer or the reason why there is none, and
/// closes the connection.
uring::Task<> serve(const Context& context, ring_server::Admitted client,
                    AddressPermit address_permit);

}  // namespace finger
