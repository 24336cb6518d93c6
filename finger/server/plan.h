#pragma once

#include <string_view>

#include "finger/accounts/accounts.h"
#include "finger/protocol/error.h"
#include "finger/server/conversation.h"
#include "uring/task.h"

namespace finger {

/// Sends `head` and the account's plan with CRLF at the end of every line, or `No Plan.` if there
/// is none that may be read. The file is opened with its owner's rights if they were
/// registered, else with ours; never through a symbolic link below the home, and it must be a
/// regular file.
///
/// The plan is sent while it is read: its size does not matter, nor what happens to the file in the
/// meantime. `head` is shorter than half of plan_buffer_bytes.
/// Errors: timed_out; of openat2(2) and read(2), where they say nothing about the plan; of send(2).
uring::Task<Status> send_plan(Conversation& conversation, const Account& account,
                              std::string_view head);

/// Where a plan is read and converted; it exists only while a plan is sent.
inline constexpr std::size_t plan_buffer_bytes = 16 * 1024;

}  // namespace finger
