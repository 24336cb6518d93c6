#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

#include "common/result.h"
#include "finger/accounts/accounts.h"
#include "uring/ring.h"

namespace finger {

struct User {
  uid_t uid;
  gid_t gid;
};

/// The account that a daemon started as root becomes, with its primary group: `name`, or without a
/// name `fingerd`, or `nobody` if that doesn't exist. Error: a line that says why there is none,
/// for example because the account is root's.
std::expected<User, std::string> user_to_become(const std::string& name);

/// Registers the credentials of each account's owner with a ring that is disabled. We never open
/// the files of root's accounts, of accounts whose ids this user namespace lacks, or of those
/// beyond the 65,535 that a ring has numbers for, and log a line.
///
/// Credentials are a uid and the primary gid, without supplementary groups, because `docker` or
/// `disk` would take an intruder much further. The real ids are the daemon's, because a Unix socket
/// tells the other end a sender's real ids. Error: a line that says what fails.
std::expected<void, std::string> register_owners(uring::Ring& ring, Accounts& accounts,
                                                 const User& daemon);

/// Enables a disabled ring, only for the operations that serving needs, because a filter of system
/// calls doesn't see what a ring does. Errors: of io_uring_register(2).
common::Status restrict_ring(uring::Ring& ring);

/// Makes this process that user permanently, without groups and capabilities, and checks that root
/// can't come back. Error: a line that says what fails; the process must end then.
std::expected<void, std::string> become(const User& user);

/// Forbids other processes of the same user to trace this one or read its memory.
void forbid_tracing();

/// Makes the kernel end this process before the parent if memory runs out. Otherwise an intruder
/// who takes the kernel's memory, and none of the process's, could lose us the parent and keep the
/// port. Call this before forbid_writing(). Logs a line if /proc can't be written. Meanwhile
/// another process of the same user may trace this one.
void be_killed_first();

}  // namespace finger
