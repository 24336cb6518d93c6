#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "finger/protocol/error.h"

namespace finger {

/// A user. passwd(5)
struct Account {
  std::string login;
  std::string full_name;  ///< Printable, perhaps empty; with --users, the login.
  std::string home;       ///< With --users, only the name in that directory.
  uid_t uid;              ///< The plan is opened as this user; with --users, as the daemon.
  gid_t gid;

  /// Number of the credentials that open the files, for Awaitable::as(); see register_owners(). 0:
  /// the process's own. nullopt: none, so the files can't be opened.
  std::optional<std::uint16_t> owner = 0;
};

/// The users who have opted in, sorted by login. The set never changes and has no other user, so
/// from here on a user who doesn't exist is the same as one who hasn't opted in.
///
/// Leaves out logins that no query can ask for, because parse_query() in finger/protocol/query.h
/// refuses such a name or finds a host in it. So any client may see all accounts.
class Accounts {
 public:
  Accounts() = default;

  /// `accounts` are in the system's order, because the first of two with the same login counts.
  explicit Accounts(std::vector<Account> accounts);

  /// The users in the group, even those that the system doesn't list. Reads files and may ask the
  /// network, so call this before the event loop runs, and only in a process with one thread,
  /// because the next call overwrites what getpwent(3) returned. Errors: no_such_group; an errno if
  /// the system can't tell, which is different.
  static Result<Accounts> of_group(const std::string& group);

  /// The directories in an open one, which may be open with O_PATH only; but no hidden ones, no
  /// symbolic links, and none that this process may not search. Reads the disk. Errors: an errno.
  static Result<Accounts> of_directory(const common::Fd& directory);

  /// The account with exactly this login, good as long as the Accounts; nullptr if there is none.
  /// Compares names and makes no system call, so no name, not even `../x`, leads to a file.
  const Account* find(std::string_view login) const;

  /// All accounts, sorted by the bytes of their logins.
  std::span<const Account> all() const { return accounts_; }
  std::span<Account> all() { return accounts_; }

  /// Members of the group without an account: a typo, or a directory service that is down.
  std::span<const std::string> without_account() const { return without_account_; }

  /// Logins that were left out, such as `alice@corp.example`.
  std::span<const std::string> left_out() const { return left_out_; }

 private:
  std::vector<Account> accounts_;
  std::vector<std::string> without_account_;
  std::vector<std::string> left_out_;
};

/// Whether errno, after a lookup without a result, means "not found" and not a failure.
/// getpwnam(3), "ERRORS"
bool says_not_found(int error);

/// `Name: FULL NAME`, the line before a plan, with its CRLF.
std::string name_line(const Account& account);

/// The list of users, one a line: the login and, with names, a tab and the full name. Lines end
/// with CRLF.
std::string list_answer(const Accounts& accounts, bool with_names);

}  // namespace finger
