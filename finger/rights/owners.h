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

/// The account that a daemon which was started as root becomes, with its primary group: `name`, or
/// without a name `fingerd`, or `nobody` where that does not exist. Error: a line that says why
/// there is none, as where it is root's.
std::expected<User, std::string> user_to_become(const std::string& name);

/// Registers the credentials of each account's owner with a ring that is disabled. Nothing opens
/// the files of root's accounts, of those whose ids this user namespace lacks, and of those beyond
/// the 65,535 that a ring has numbers for; a line says so.
///
/// Credentials are a uid and the primary gid, without supplementary groups: `docker` or `disk`
/// would take an intruder much further. Their real ids are the daemon's: those are what a Unix
/// socket tells its other end about a sender. Error: a line that says what fails.
std::expected<void, std::string> register_owners(uring::Ring& ring, Accounts& accounts,
                                                 const User& daemon);

/// Enables a ring that was made disabled, for the operations that serving takes and no others: a
/// filter of system calls does not see what a ring does. Errors: of io_uring_register(2).
common::Status restrict_ring(uring::Ring& ring);

/// Makes this process that user for good, without groups and capabilities, and checks that root
/// does not come back. Error: a line that says what fails; the process must end then.
std::expected<void, std::string> become(const User& user);

/// No other process of the same user may trace this one, or read its memory.
void forbid_tracing();

/// Where memory runs out the kernel ends this process, and not its parent: an intruder who takes
/// the kernel's memory, and none of its own, would otherwise lose the parent and keep the port.
/// Before forbid_writing(). Where /proc cannot be written, a line says so. For as long as this
/// takes, a process of the same user may trace this one.
void be_killed_first();

}  // namespace finger
