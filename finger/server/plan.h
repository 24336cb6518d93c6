#pragma once

#include <string>

#include "finger/accounts/accounts.h"
#include "finger/protocol/error.h"
#include "finger/server/conversation.h"
#include "uring/task.h"

namespace finger {

/// Sends `head`, the first line of the user's .project, with `verbose` the .pubkey, and the .plan,
/// or `No Plan.` if there is none that may be read; with CRLF at the end of every line. The files
/// are opened with their owner's rights if those were registered, else with the process's own;
/// never through a symbolic link below the home, and they must be regular files.
///
/// A file is sent while it is read: its size does not matter. `head` is a line at most.
/// Errors: timed_out; home_timeout; became_shorter; of openat2(2) and read(2), where they say
/// nothing about the file; of send(2).
uring::Task<Status> send_plan(Conversation& conversation, const Account& account, std::string head,
                              bool verbose);

}  // namespace finger
