#pragma once

#include <cstddef>
#include <expected>
#include <string>

#include "common/fd.h"
#include "finger/accounts/accounts.h"

namespace finger {

/// Where it is read who has opted in.
struct RosterSource {
  std::string group = "finger";
  std::string users;      ///< The directory of --users; empty: the system's accounts.
  std::string list_text;  ///< A file: the administrator's text before the list; empty: none.
};

/// The users who have opted in, as they were found when a worker started. A roster is never
/// changed: a reload is another worker.
struct Roster {
  common::Fd users;  ///< The directory of --users, which has the homes; empty: there is none.
  Accounts accounts;
  std::string list;  ///< The answer to the empty query, made once: its length grows with the users.
};

/// Longer texts are refused, as nobody reads them before a list.
inline constexpr std::size_t list_text_bytes_max = 64 * 1024;

/// Reads files, and may ask the network: before the loop runs, and in a process with one thread.
/// Error: a line that says why there is none, and what to do about it.
std::expected<Roster, std::string> load_roster(const RosterSource& source);

/// Whom it serves, in a line: `2 users; no account: ghost; cannot be asked for: al@corp`.
std::string describe(const Accounts& accounts);

}  // namespace finger
