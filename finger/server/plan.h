#pragma once

#include <string_view>

#include "finger/server/accounts.h"
#include "finger/server/error.h"
#include "uring/task.h"

namespace finger {

class Conversation;

/// Sends `head` and what stands in the account's plan, with CRLF at the end of every line, or `No
/// Plan.` if there is none that a stranger may read. It is opened with its owner's rights if they
/// were registered, else with ours; never through a symbolic link below the home, and it is never
/// anything but a regular file.
///
/// It is sent while it is read: neither its size nor what happens to it meanwhile matters. Where
/// descriptors are short it is closed while a piece of it is sent, and opened again for the next.
/// Errors: timed_out; of openat2(2) and read(2), where they say nothing about the plan; of send(2);
/// ESTALE, it has become another file in between.
uring::Task<Status> send_plan(Conversation& exchange, const Account& account,
                              std::string_view head);

}  // namespace finger
