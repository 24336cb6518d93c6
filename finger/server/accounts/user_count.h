#pragma once

#include <cstddef>
#include <string>

#include "common/server/log.h"
#include "finger/server/accounts/accounts.h"

namespace finger {

/// How many users one load of the accounts has found, and how to tell an administrator: a directory
/// service that is away for a moment says of every user that there is none, and a reload must not
/// empty the list in silence.
struct UserCount {
  std::size_t users = 0;
  std::string without_account;  ///< Members of the group that have none, as `ghost, spectre`.

  static UserCount of(const Accounts& accounts);

  /// `2 users, before 240; no account: ghost`. After the first load there is no `before`.
  std::string text() const;
  std::string text_after(std::size_t before) const;

  /// A warning where at least half of the users have gone.
  common::Severity severity_after(std::size_t before) const;
};

}  // namespace finger
