#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "common/fd.h"
#include "common/server/log.h"
#include "finger/accounts/accounts.h"
#include "finger/server/options.h"

namespace finger {

/// How many users one load of the accounts has found, and how to tell an administrator: a directory
/// service that is away for a moment says of every user that there is none, and a reload must not
/// empty the list in silence.
struct UserCount {
  std::size_t users = 0;
  std::string without_account;  ///< Members of the group that have none, as `ghost, spectre`.

  static UserCount of(const Accounts& accounts);

  /// `2 users, before 240; no account: ghost`. After the first load there is no `before`.
  std::string text(std::optional<std::size_t> before = {}) const;

  /// A warning where at least half of the users have gone.
  common::Severity severity_after(std::size_t before) const;
};

/// The users who have opted in, as one load found them. A reload makes another roster; none is ever
/// changed.
struct Roster {
  /// The directory of --users, which reloads share; empty: homes are where the accounts say.
  std::shared_ptr<const common::Fd> users;
  Accounts accounts;
  std::string list;  ///< The answer to the empty query, made once: its length grows with the users.
};

using RosterPointer = std::shared_ptr<const Roster>;

/// Opens the directory of --users, after which load_roster() only needs permission to read it.
/// Empty without that option. Error: of open(2).
Result<common::Fd> open_users(const Options& options);

/// Loads it from `users` or from the system's accounts. Outside the event loop, and in one thread
/// at a time. Errors: of Accounts::of_group() and Accounts::of_directory().
Result<RosterPointer> load_roster(const Options& options, common::Fd users);

/// Both, to replace `former`. Another directory may be in the place of the old one by now: list and
/// plans are then both the new one's. If it is the same directory, the rosters share one
/// descriptor.
Result<RosterPointer> load_roster(const Options& options, const Roster& former);

}  // namespace finger
