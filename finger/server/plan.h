#pragma once

#include <string>

#include "finger/accounts/accounts.h"
#include "finger/protocol/error.h"
#include "finger/server/conversation.h"
#include "uring/task.h"

namespace finger {

/// Sends `head`, the first line of the user's .project, with `verbose` the .pubkey, and the .plan,
/// or `No Plan.` if we may read none. Every line ends with CRLF. The files are opened with the
/// owner's rights if those were registered, else with ours. Only regular files are opened, and no
/// symbolic links.
///
/// Sends a file while reading it, so the size doesn't matter. `head` is a line at most. Errors:
/// timed_out; home_timeout; became_shorter; of openat2(2) and read(2), if they aren't about the
/// file; of send(2).
uring::Task<Status> send_plan(Conversation& conversation, const Account& account, std::string head,
                              bool verbose);

}  // namespace finger
