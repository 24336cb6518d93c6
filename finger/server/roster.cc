#include "finger/server/roster.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "finger/server/accounts/answer.h"

namespace finger {
namespace {

using Directory = std::shared_ptr<const common::Fd>;

/// Whether both are the same directory, in the same mount. While it is open, its numbers are not
/// given to another.
bool is_same(const common::Fd& one, const common::Fd& other) {
  constexpr unsigned wanted = STATX_INO | STATX_MNT_ID;
  struct statx first {};
  struct statx second {};
  if (::statx(one.get(), "", AT_EMPTY_PATH, wanted, &first) < 0) return false;
  if (::statx(other.get(), "", AT_EMPTY_PATH, wanted, &second) < 0) return false;
  return first.stx_ino == second.stx_ino && first.stx_mnt_id == second.stx_mnt_id &&
         first.stx_dev_major == second.stx_dev_major && first.stx_dev_minor == second.stx_dev_minor;
}

Result<RosterPointer> load(const Options& options, Directory users) {
  const bool by_directory = static_cast<bool>(*users);
  auto accounts = by_directory ? Accounts::of_directory(*users, options.users)
                               : Accounts::of_group(options.group);
  if (!accounts) return std::unexpected(accounts.error());
  auto list = list_answer(*accounts, !by_directory);
  return std::make_shared<const Roster>(std::move(users), std::move(*accounts), std::move(list));
}

}  // namespace

Result<common::Fd> open_users(const Options& options) {
  if (options.users.empty()) return common::Fd();
  common::Fd users(::open(options.users.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!users) return common::last_error();
  return users;
}

Result<RosterPointer> load_roster(const Options& options, common::Fd users) {
  return load(options, std::make_shared<const common::Fd>(std::move(users)));
}

Result<RosterPointer> load_roster(const Options& options, const Roster& former) {
  auto users = open_users(options);
  if (!users) return std::unexpected(users.error());
  if (is_same(*users, *former.users)) return load(options, former.users);
  return load_roster(options, std::move(*users));
}

}  // namespace finger
