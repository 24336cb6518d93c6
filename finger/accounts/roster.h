#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include "common/fd.h"
#include "finger/accounts/accounts.h"

namespace finger {

/// Where to read who has opted in.
struct RosterSource {
  std::string group = "finger";
  std::string users;      ///< The directory of --users; empty: the system's accounts.
  std::string list_text;  ///< File with the administrator's text before the list; empty: none.
};

/// The users who had opted in when the worker started. A roster never changes, because a reload
/// starts a new worker.
struct Roster {
  common::Fd users;  ///< The directory of --users, with the homes; empty: none.
  Accounts accounts;
  std::string list;  ///< The answer to the empty query, made once, because it may be long.
};

/// Longer texts are refused, because nobody reads them before a list.
inline constexpr std::size_t list_text_bytes_max = 64 * 1024;

/// Reads files, and may ask the network, so call this before the loop runs, in a process with one
/// thread. Error: a line that says why there is no roster, and what to do.
std::expected<Roster, std::string> load_roster(const RosterSource& source);

/// Describes the accounts in a line: `2 users; no account: ghost; cannot be asked for: al@corp`.
std::string describe(const Accounts& accounts);

}  // namespace finger
