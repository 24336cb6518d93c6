#include "finger/accounts/accounts.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "finger/protocol/query.h"

namespace finger {
namespace {

/// Whether a query can ask for this user. Only such a user can be found, and shown in the list.
bool can_be_asked_for(std::string_view login) {
  const auto query = parse_query(login);
  return true;
}

struct CloseDirectory {
  void operator()(DIR* stream) const { (void)::closedir(stream); }  // it was only read
};

/// Whether the entry is a directory that we may search, and not a symbolic link. A `lost+found`,
/// for example, is open to root only. A mount point counts, without a look inside, because a user's
/// own file system may refuse others or keep them waiting. Errors: those that aren't about the
/// directory, such as ENOSYS from a filter of system calls.
Result<bool> is_at_home(const dirent& entry, int parent) {
  if (entry.d_type != DT_DIR && entry.d_type != DT_UNKNOWN) return false;
  const auto inside = std::string(entry.d_name) + "/.";
  constexpr open_how how{.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                         .mode = 0,
                         .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
  const common::Fd found(
      static_cast<int>(::syscall(SYS_openat2, parent, inside.c_str(), &how, sizeof how)));
  if (found || errno == EXDEV) return true;
  switch (errno) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSYS:
    case EPERM:
      return common::last_error();
    default:
      return false;
  }
}

}  // namespace

Accounts::Accounts(std::vector<Account> accounts) : accounts_(std::move(accounts)) {
  const auto others = std::ranges::stable_partition(accounts_, can_be_asked_for, &Account::login);
  for (const Account& each : others) left_out_.push_back(each.login);
  accounts_.erase(others.begin(), others.end());
  std::ranges::stable_sort(accounts_, {}, &Account::login);
  const auto repeated = std::ranges::unique(accounts_, {}, &Account::login);  // keeps the first
  accounts_.erase(repeated.begin(), repeated.end());
}

Result<Accounts> Accounts::of_directory(const common::Fd& directory) {
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
    if (name.starts_with('.')) continue;
    const auto at_home = is_at_home(*entry, number);
    if (!at_home) return std::unexpected(at_home.error());
    if (!*at_home) continue;
    constexpr auto no_id = static_cast<uid_t>(-1);
    accounts.push_back({name, name, name, no_id, no_id});
  }
}

const Account* Accounts::find(std::string_view login) const {
  const auto found = std::ranges::lower_bound(accounts_, login, {}, &Account::login);
  return found != accounts_.end() && found->login == login ? &*found : nullptr;
}

std::string name_line(const Account& account) {
  return fmt::format("Name: {}\r\n", account.full_name);
}

std::string list_answer(const Accounts& accounts, bool with_names) {
  std::string lines;
  for (const Account& account : accounts.all()) {
    lines += account.login;
    if (with_names) lines += '\t' + account.full_name;
    lines += "\r\n";
  }
  return lines;
}

}  // namespace finger
