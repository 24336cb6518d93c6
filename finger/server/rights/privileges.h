#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

#include "common/result.h"
#include "uring/loop.h"

namespace finger {

struct User {
  uid_t uid;
  gid_t gid;
};

// The credentials of the calling thread alone. The C library's functions of these names change
// every thread of the process, as POSIX wants it; the kernel knows only credentials of a thread,
// and while a RootThread runs it is to differ from the others. credentials(7)

// Errors: of setresuid(2), of setresgid(2), of setgroups(2), of capset(2).
common::Status set_user_ids(uid_t real, uid_t effective, uid_t saved);
common::Status set_group_ids(gid_t real, gid_t effective, gid_t saved);
common::Status leave_all_groups();
common::Status drop_capabilities();

/// Whether the thread has no capability in effect.
bool has_no_effective_capability();

/// Whether it has none, in effect or to be had: effective, permitted and inheritable.
bool has_no_capability();

/// Whether all its ids are that user's, and it has no supplementary groups.
bool has_only_ids_of(const User& user);

/// Takes from the process what serving plans does not need, for good: it can gain no rights
/// (PR_SET_NO_NEW_PRIVS), nor open a file for writing (landlock). If it is root it becomes the
/// account that was chosen as `NAME` or `NAME:GROUP`, with that group, or else its primary one,
/// and without further groups and capabilities. Without a name it is `fingerd`, or `nobody` where
/// that does not exist. Only in a process with one thread. Returns nothing, or a line that says
/// what fails; the process must end then.
std::string give_rights_up(const std::string& chosen);

/// Enables a ring that was made disabled, for the operations that serving plans takes and no
/// others: a seccomp filter does not see what a ring does. Errors: of io_uring_register(2).
common::Status restrict_ring(uring::Ring& ring);

// The steps of giving root up, for RootThread, which comes between the second and the third.

/// The user to become, as above. Error: a line that says why there is none.
std::expected<User, std::string> user_to_become(const std::string& chosen);

/// From now on the calling thread and those that it starts can gain no rights, and open files only
/// for reading. Returns nothing, or a line that says what fails.
std::string fence_in();

/// Makes the calling thread that user for good, and checks that root does not come back. Returns
/// nothing, or a line that says what fails.
std::string become(const User& user);

/// Other processes run as nobody, too, and could otherwise trace this one. After each change of
/// user, which may undo it: proc(5), suid_dumpable.
void forbid_tracing();

}  // namespace finger
