#pragma once

#include <sys/types.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "finger/protocol/error.h"

namespace finger {

/// What the system says of a user. passwd(5)
struct PasswdEntry {
  std::string login;
  std::string gecos;
  std::string home;
  uid_t uid;
  gid_t gid;
};

/// What the system says of a group. group(5)
struct GroupEntry {
  gid_t gid;
  std::set<std::string, std::less<>> members;  ///< Logins, without those whose primary group it is.
};

/// Whether the user is in the group, as one of its members or because it is the primary one.
bool is_member(const PasswdEntry& user, const GroupEntry& group);

/// Those of the system's list of users who are in the group, in the list's order. A directory
/// service on the network may not list its users.
Result<std::vector<PasswdEntry>> listed_members_of(const GroupEntry& group);

/// The users who are in a group.
struct Members {
  std::vector<PasswdEntry> entries;          ///< A login that the system has twice comes twice.
  std::vector<std::string> without_account;  ///< Logins of whom it knows nothing more.
};

/// The users who are in the group, listed or not.
///
/// Both functions read files and may ask the network: call them outside the event loop, and from
/// one thread at a time, as getpwent_r(3) has one position for the whole process.
/// Errors: no_such_group; an errno where the system could not say, which is not the same.
Result<Members> members_of(const std::string& group);

}  // namespace finger
