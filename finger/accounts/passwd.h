#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "finger/protocol/error.h"

namespace finger {

/// A user. passwd(5)
struct Account {
  std::string login;
  std::string full_name;  ///< Printable, perhaps empty; with --users, the login.
  std::string home;       ///< With --users, its name in that directory.
  uid_t uid;              ///< Its rights open the plan; with --users, the daemon's own do.
  gid_t gid;

  /// The number of the credentials that open its files, for Await::as(): register_owners(). 0: the
  /// process's own rights do. nullopt: nothing opens them.
  std::optional<std::uint16_t> owner = 0;
};

/// The users who are in a group.
struct Members {
  std::vector<Account> accounts;             ///< A login that the system has twice comes twice.
  std::vector<std::string> without_account;  ///< Logins of whom it knows nothing more.
};

/// The users who are in the group, listed or not.
///
/// Reads files and may ask the network: before the event loop runs, and only in a process with one
/// thread, since what getpwent(3) returns is overwritten by the next call.
/// Errors: no_such_group; an errno where the system could not say, which is not the same.
Result<Members> members_of(const std::string& group);

}  // namespace finger
