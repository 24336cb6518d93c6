#include "finger/accounts/passwd.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace finger {
namespace {

/// No entry of the system is as long as that.
constexpr std::size_t entry_bytes_max = 64 * 1024 * 1024;

/// Where the C library puts the texts of an entry. A group with many members is long.
using EntryBuffer = std::vector<char>;

/// Calls `read`, which returns an errno, with a buffer that grows until the entry fits.
template <typename Read>
int read_entry(EntryBuffer& buffer, Read read) {
  buffer.resize(std::max<std::size_t>(buffer.size(), 4096));
  int error = read();
  while (error == ERANGE && buffer.size() < entry_bytes_max) {
    buffer.resize(2 * buffer.size());
    error = read();
  }
  return error;
}

/// Whether a lookup without a result means "not found", and not a failure. getpwnam(3), "ERRORS"
bool says_not_found(int error) {
  return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

std::unexpected<std::error_code> system_failure(int error) {
  return std::unexpected(std::error_code(error, std::system_category()));
}

std::string text(const char* field) { return field != nullptr ? field : ""; }

PasswdEntry copied(const passwd& entry) {
  return {text(entry.pw_name), text(entry.pw_gecos), text(entry.pw_dir), entry.pw_uid,
          entry.pw_gid};
}

Result<GroupEntry> find_group(const std::string& name) {
  EntryBuffer buffer;
  group entry{};
  group* found = nullptr;
  const int error = read_entry(buffer, [&] {
    return ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  });
  if (found == nullptr && says_not_found(error)) return failure(Error::no_such_group);
  if (found == nullptr) return system_failure(error);

  GroupEntry copy{entry.gr_gid, {}};
  for (char** member = entry.gr_mem; *member != nullptr; ++member) copy.members.emplace(*member);
  return copy;
}

Result<std::optional<PasswdEntry>> find_user(const std::string& login, EntryBuffer& buffer) {
  passwd entry{};
  passwd* found = nullptr;
  const int error = read_entry(buffer, [&] {
    return ::getpwnam_r(login.c_str(), &entry, buffer.data(), buffer.size(), &found);
  });
  if (found != nullptr) return copied(entry);
  if (!says_not_found(error)) return system_failure(error);
  return std::nullopt;
}

/// The list of users ends with ENOENT both at its end and where a file could not be opened: only
/// errno may tell which. getpwent(3), "ERRORS"
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

}  // namespace

bool is_member(const PasswdEntry& user, const GroupEntry& group) {
  return user.gid == group.gid || group.members.contains(user.login);
}

Result<std::vector<PasswdEntry>> listed_members_of(const GroupEntry& group) {
  const CloseList at_end;
  errno = 0;
  ::setpwent();  // returns nothing
  if (const auto opened = check_list(); !opened) return std::unexpected(opened.error());

  std::vector<PasswdEntry> members;
  EntryBuffer buffer;
  while (true) {
    passwd entry{};
    passwd* found = nullptr;
    errno = 0;
    const int error = read_entry(
        buffer, [&] { return ::getpwent_r(&entry, buffer.data(), buffer.size(), &found); });
    if (error == ENOENT) {
      if (const auto complete = check_list(); !complete) return std::unexpected(complete.error());
      return members;
    }
    if (error != 0) return system_failure(error);
    auto user = copied(entry);
    if (is_member(user, group)) members.push_back(std::move(user));
  }
}

Result<Members> members_of(const std::string& group) {
  const auto found = find_group(group);
  if (!found) return std::unexpected(found.error());
  auto listed = listed_members_of(*found);
  if (!listed) return std::unexpected(listed.error());

  // Only members that are not listed: without a free descriptor, the lookup of a name may say "not
  // found" where the list says EMFILE.
  auto missing = found->members;
  for (const PasswdEntry& member : *listed) missing.erase(member.login);
  Members members{.entries = std::move(*listed), .without_account = {}};
  EntryBuffer buffer;
  for (const std::string& login : missing) {
    auto user = find_user(login, buffer);
    if (!user) return std::unexpected(user.error());
    if (*user) {
      members.entries.push_back(std::move(**user));
    } else {
      members.without_account.push_back(login);
    }
  }
  return members;
}

}  // namespace finger
