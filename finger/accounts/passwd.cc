#include "finger/accounts/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "finger/accounts/gecos.h"

namespace finger {
namespace {

/// A group's entry. group(5)
struct GroupEntry {
  gid_t gid;
  std::set<std::string, std::less<>> members;  ///< Logins, without those whose primary group it is.
};

std::string text(const char* field) { return field != nullptr ? field : ""; }

Account account_of(const passwd& entry) {
  const auto login = text(entry.pw_name);
  return {login, full_name(text(entry.pw_gecos), login), text(entry.pw_dir), entry.pw_uid,
          entry.pw_gid};
}

Result<GroupEntry> find_group(const std::string& name) {
  errno = 0;
  const group* const entry = ::getgrnam(name.c_str());
  if (entry == nullptr && says_not_found(errno)) return failure(Error::no_such_group);
  if (entry == nullptr) return common::last_error();

  GroupEntry copy{entry->gr_gid, {}};
  for (char** member = entry->gr_mem; *member != nullptr; ++member) copy.members.emplace(*member);
  return copy;
}

Result<std::optional<Account>> find_user(const std::string& login) {
  errno = 0;
  const passwd* const entry = ::getpwnam(login.c_str());
  if (entry != nullptr) return account_of(*entry);
  if (!says_not_found(errno)) return common::last_error();
  return std::nullopt;
}

/// getpwent(3) returns no entry at the end of the list, and also if it can't open a file. Only
/// errno tells which: getpwent(3), "ERRORS".
Status check_list() {
  switch (errno) {
    case EINTR:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return common::last_error();
    default:
      return {};  // left over from a check whether some file exists
  }
}

/// Closes the system's list of users, of which the process has one.
struct CloseList {
  ~CloseList() { ::endpwent(); }
};

/// Users of the system's list who are in the group, in the list's order. A directory service on the
/// network may not list its users.
Result<std::vector<Account>> listed_members_of(const GroupEntry& group) {
  const CloseList at_end;
  errno = 0;
  ::setpwent();  // returns nothing
  if (const auto opened = check_list(); !opened) return std::unexpected(opened.error());

  std::vector<Account> members;
  errno = 0;
  while (const passwd* const entry = ::getpwent()) {
    auto user = account_of(*entry);
    const bool is_member = user.gid == group.gid || group.members.contains(user.login);
    if (is_member) members.push_back(std::move(user));
    errno = 0;
  }
  if (const auto complete = check_list(); !complete) return std::unexpected(complete.error());
  return members;
}

}  // namespace

bool says_not_found(int error) {
  return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

Result<Accounts> Accounts::of_group(const std::string& group) {
  const auto found = find_group(group);
  if (!found) return std::unexpected(found.error());
  auto listed = listed_members_of(*found);
  if (!listed) return std::unexpected(listed.error());

  // We look up only members that weren't listed, because without a free descriptor the lookup of a
  // name may report "not found" where the list reports EMFILE.
  auto missing = found->members;
  for (const Account& member : *listed) missing.erase(member.login);
  std::vector<std::string> without_account;
  for (const std::string& login : missing) {
    auto user = find_user(login);
    if (!user) return std::unexpected(user.error());
    if (*user) {
      listed->push_back(std::move(**user));
    } else {
      without_account.push_back(login);
    }
  }
  Accounts accounts(std::move(*listed));
  accounts.without_account_ = std::move(without_account);
  return accounts;
}

}  // namespace finger
