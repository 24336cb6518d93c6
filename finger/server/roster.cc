#include "finger/server/roster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <span>
#include <utility>

#include "finger/accounts/user_list.h"

namespace finger {
namespace {

/// The line stays readable, and fits the pipe from a worker to its parent.
constexpr std::size_t names_max = 8;

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

Result<RosterPointer> load(const Options& options, std::shared_ptr<const common::Fd> users) {
  const bool by_directory = static_cast<bool>(*users);
  auto accounts = by_directory ? Accounts::of_directory(*users, options.users)
                               : Accounts::of_group(options.group);
  if (!accounts) return std::unexpected(accounts.error());
  auto list = list_answer(*accounts, !by_directory);
  return std::make_shared<const Roster>(std::move(users), std::move(*accounts), std::move(list));
}

}  // namespace

UserCount UserCount::of(const Accounts& accounts) {
  const auto names = accounts.without_account();
  const auto named = names.first(std::min(names.size(), names_max));
  std::string text;
  for (const std::string& name : named) {
    text += text.empty() ? "" : ", ";
    text += common::escape(std::as_bytes(std::span(name)));
  }
  if (named.size() < names.size()) text += fmt::format(" and {} more", names.size() - named.size());
  return {.users = accounts.all().size(), .without_account = std::move(text)};
}

std::string UserCount::text(std::optional<std::size_t> before) const {
  auto text = fmt::format("{} user{}", users, users == 1 ? "" : "s");
  if (before) text += fmt::format(", before {}", *before);
  return without_account.empty() ? text : text + "; no account: " + without_account;
}

common::Severity UserCount::severity_after(std::size_t before) const {
  const bool has_shrunk = before > 0 && users <= before / 2;
  return has_shrunk ? common::Severity::warning : common::Severity::info;
}

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
