#include "finger/served.h"

#include <fcntl.h>

#include <utility>

#include "finger/answer.h"

namespace finger {

Result<common::Fd> open_users(const Options& options) {
  if (options.users.empty()) return common::Fd();
  common::Fd users(::open(options.users.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!users) return common::last_error();
  return users;
}

Result<ServedPointer> load_served(const Options& options, common::Fd users) {
  const bool by_directory = static_cast<bool>(users);
  auto accounts = by_directory ? Accounts::of_directory(users, options.users)
                               : Accounts::of_group(options.group);
  if (!accounts) return std::unexpected(accounts.error());
  auto list = list_answer(*accounts, !by_directory);
  return std::make_shared<const Served>(std::move(users), std::move(*accounts), std::move(list));
}

Result<ServedPointer> load_served(const Options& options) {
  auto users = open_users(options);
  if (!users) return std::unexpected(users.error());
  return load_served(options, std::move(*users));
}

}  // namespace finger
