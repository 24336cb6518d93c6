#include "finger/accounts/accounts.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <utility>

#include "finger/accounts/gecos.h"
#include "finger/protocol/query.h"

namespace finger {
namespace {

/// With --users: no file is opened with its owner's rights.
constexpr auto no_id = static_cast<uid_t>(-1);

/// Whether a query can ask for this user, so that it can be found, and shown in the list.
bool can_be_asked_for(std::string_view login) {
  const auto query = parse_query(login);
  return !login.empty() && query && *query == Query{.user = login};
}

struct CloseDirectory {
  void operator()(DIR* stream) const { (void)::closedir(stream); }  // it was only read
};

/// Whether that is the name of a directory, and not of a symbolic link. Read from the entry where
/// possible, without touching the directory itself: its user may have mounted a file system there
/// that refuses others, or keeps them waiting.
bool is_at_directory(const dirent& entry, int parent) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat status {};
  return ::fstatat(parent, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(status.st_mode);
}

}  // namespace

Accounts::Accounts(std::vector<Account> accounts) {
  std::map<std::string, Account> sorted;
  for (Account& account : accounts) {
    if (!can_be_asked_for(account.login)) continue;
    auto login = account.login;
    sorted.try_emplace(std::move(login), std::move(account));  // keeps the first
  }
  accounts_.reserve(sorted.size());
  for (auto& [login, account] : sorted) accounts_.push_back(std::move(account));
}

Result<Accounts> Accounts::of_group(const std::string& group) {
  auto members = members_of(group);
  if (!members) return std::unexpected(members.error());
  Accounts accounts = of_entries(std::move(members->entries));
  accounts.without_account_ = std::move(members->without_account);
  return accounts;
}

Result<Accounts> Accounts::of_directory(const std::string& directory) {
  const common::Fd opened(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return common::last_error();
  return of_directory(opened, directory);
}

Result<Accounts> Accounts::of_directory(const common::Fd& directory, const std::string& path) {
  common::Fd readable(::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable) return common::last_error();
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(readable.get()));
  if (stream == nullptr) return common::last_error();
  const int number = readable.release();  // owned by the stream from now on

  std::vector<Account> accounts;
  while (true) {
    errno = 0;  // only errno tells an end from an error. readdir(3)
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return common::last_error();
    if (entry == nullptr) return Accounts(std::move(accounts));
    const std::string name(entry->d_name);
    if (name.starts_with('.') || !is_at_directory(*entry, number)) continue;
    accounts.push_back({name, name, path + "/" + name, no_id, no_id});
  }
}

Accounts Accounts::of_entries(std::vector<PasswdEntry> entries) {
  std::vector<Account> accounts;
  for (PasswdEntry& entry : entries) {
    auto name = full_name(entry.gecos, entry.login);
    accounts.push_back(
        {std::move(entry.login), std::move(name), std::move(entry.home), entry.uid, entry.gid});
  }
  return Accounts(std::move(accounts));
}

const Account* Accounts::find(std::string_view login) const {
  const auto found = std::ranges::lower_bound(accounts_, login, {}, &Account::login);
  return found != accounts_.end() && found->login == login ? &*found : nullptr;
}

std::string name_line(const Account& account) {
  return fmt::format("Name: {}\r\n", account.full_name);
}

}  // namespace finger
