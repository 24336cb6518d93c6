#pragma once

#include <memory>
#include <string>

#include "common/fd.h"
#include "finger/server/accounts.h"
#include "finger/server/options.h"

namespace finger {

/// Who is served, and what is answered to who asks for that: all that a reload replaces, never
/// changed in itself.
struct Roster {
  /// The directory of --users, which reloads share; empty: homes are where the accounts say.
  std::shared_ptr<const common::Fd> users;
  Accounts accounts;
  std::string list;  ///< Made once: it is as long as there are users.
};

using RosterPointer = std::shared_ptr<const Roster>;

/// Opens the directory of --users, of which load_roster() then needs no more than to read it. Empty
/// without that option. Error: of open(2).
Result<common::Fd> open_users(const Options& options);

/// Reads it anew, from `users` or from the system's accounts. Outside the event loop, and in one
/// thread at a time. Errors: of Accounts::of_group() and Accounts::of_directory().
Result<RosterPointer> load_roster(const Options& options, common::Fd users);

/// Both, after `former`. Whatever has been put in the directory's place meanwhile, its list and its
/// plans belong together; if it is the same one, it is open once, however many lists are in use.
Result<RosterPointer> load_roster(const Options& options, const Roster& former);

}  // namespace finger
