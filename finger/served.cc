#include "finger/served.h"

#include <utility>

#include "finger/answer.h"

namespace finger {

Result<ServedPointer> load_served(const Options& options) {
  const bool by_directory = !options.users.empty();
  auto accounts =
      by_directory ? Accounts::of_directory(options.users) : Accounts::of_group(options.group);
  if (!accounts) return std::unexpected(accounts.error());
  auto list = list_answer(*accounts, !by_directory);
  return std::make_shared<const Served>(std::move(*accounts), std::move(list));
}

}  // namespace finger
