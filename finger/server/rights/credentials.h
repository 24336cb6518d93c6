#pragma once

#include <sys/types.h>

#include "common/result.h"

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

}  // namespace finger
