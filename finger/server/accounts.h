#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "finger/server/error.h"
#include "finger/server/passwd.h"

namespace finger {

/// A user who has opted in.
struct Account {
  std::string login;
  std::string full_name;  ///< Printable, perhaps empty; with --users, the login.
  std::string home;
  uid_t uid;  ///< Whose rights open the plan. With --users, -1: the daemon's do.
  gid_t gid;
};

/// Who has a longer name is shown with its beginning: the line that says it fits any buffer.
inline constexpr std::size_t full_name_bytes_max = 256;

/// The full name from a GECOS field: what stands before the first comma, with the capitalised login
/// for each `&`, and printable. finger(1) reads it like this.
std::string full_name(std::string_view gecos, std::string_view login);

/// Who has opted in, sorted by login; never changed, so that threads may share it. Nobody else is
/// in it: who does not exist and who has not opted in look the same from here on.
///
/// A login that no query can ask for (finger/server/query.h: with an @, a control character, not
/// UTF-8) is left out, so what is in it can be shown to anybody.
class Accounts {
 public:
  Accounts() = default;

  /// Who is in the group: members_of (finger/server/passwd.h). Call it outside the event loop and
  /// from one thread at a time. Errors: no_such_group; an errno where the system could not say,
  /// which is not the same.
  static Result<Accounts> of_group(const std::string& group);

  /// The directories in `directory`, but for hidden ones and symbolic links. Reads the disk.
  /// Errors: an errno.
  static Result<Accounts> of_directory(const std::string& directory);

  /// The same for one that is open, perhaps with O_PATH only, and was found at `path`.
  static Result<Accounts> of_directory(const common::Fd& directory, const std::string& path);

  /// From what the system says, in the order in which it says it: of two with the same login the
  /// first counts.
  static Accounts of_entries(std::vector<PasswdEntry> entries);

  /// The account with exactly this login, good as long as the Accounts; nullptr: there is none.
  /// Compares names and makes no system call: no name, be it `../x`, leads to a file.
  const Account* find(std::string_view login) const;

  /// All of them, sorted by the bytes of their logins.
  std::span<const Account> all() const { return accounts_; }

 private:
  explicit Accounts(std::vector<Account> accounts);

  std::vector<Account> accounts_;
};

}  // namespace finger
