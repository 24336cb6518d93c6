#pragma once

#include <expected>
#include <string>

#include "finger/server/root/credentials.h"

namespace finger {

/// Makes the process the system account `fingerd`, or `nobody` where that does not exist, for good:
/// without supplementary groups and capabilities, unable to gain any (PR_SET_NO_NEW_PRIVS) or to
/// open a file for writing (landlock). Only in a process with one thread, which is root. Returns
/// nothing, or a line that says what fails; the process must end then.
std::string give_root_up();

// Its three steps, for RootThread, which comes between the first and the second.

/// What the thread that is to give root up does first, for itself and the threads that it starts:
/// from then on they can gain no rights, and open files only for reading. Returns the user to
/// become. Error: a line that says what fails.
std::expected<User, std::string> fence_in();

/// Makes the calling thread that user for good, and checks that root does not come back. Returns
/// nothing, or a line that says what fails.
std::string become(const User& user);

/// Other processes run as nobody, too, and could otherwise trace this one. After each change of
/// user, which may undo it: proc(5), suid_dumpable.
void forbid_tracing();

}  // namespace finger
