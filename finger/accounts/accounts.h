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
  std::string home;       ///< With --users, its name in that directory.
  uid_t uid;              ///< Its rights open the plan; with --users, the daemon's own do.
  gid_t gid;

  /// The number of the credentials that open its files, for Awaitable::as(): register_owners(). 0:
  /// the process's own rights do. nullopt: nothing opens them.
  std::optional<std::uint16_t> owner = 0;
};

/// The users who have opted in, sorted by login; none comes or goes. Accounts hold no other user:
/// from here on, one that does not exist and one that has not opted in are the same.
///
/// A login that no query can ask for (parse_query() in finger/protocol/query.h refuses it, or finds
/// a host in it) is left out, so everything in it can be shown to any client.
class Accounts {
 public:
  Accounts() = default;

  /// In the system's order: of two with the same login the first counts.
  explicit Accounts(std::vector<Account> accounts);

  /// The users who are in the group, whether the system lists them or not. Reads files and may ask
  /// the network: before the event loop runs, and only in a process with one thread, since what
  /// getpwent(3) returns is overwritten by the next call. Errors: no_such_group; an errno where the
  /// system could not say, which is not the same.
  static Result<Accounts> of_group(const std::string& group);

  /// The directories in one that is open, perhaps with O_PATH only; not hidden ones, symbolic
  /// links, nor those that this process may not search. Reads the disk. Errors: an errno.
  static Result<Accounts> of_directory(const common::Fd& directory);

  /// The account with exactly this login, good as long as the Accounts; nullptr: there is none.
  /// Compares names and makes no system call: no name, not even `../x`, leads to a file.
  const Account* find(std::string_view login) const;

  /// All of them, sorted by the bytes of their logins.
  std::span<const Account> all() const { return accounts_; }
  std::span<Account> all() { return accounts_; }

  /// Members of the group of whom the system knows nothing more: a slip of the pen, or a directory
  /// service that is away.
  std::span<const std::string> without_account() const { return without_account_; }

  /// Logins that were left out, as `alice@corp.example`.
  std::span<const std::string> left_out() const { return left_out_; }

 private:
  std::vector<Account> accounts_;
  std::vector<std::string> without_account_;
  std::vector<std::string> left_out_;
};

/// `Name: FULL NAME`, the line before a plan, with its CRLF.
std::string name_line(const Account& account);

/// The list of users: a line for each, with the login and, with names, a tab and the full name.
/// Lines end with CRLF.
std::string list_answer(const Accounts& accounts, bool with_names);

}  // namespace finger
