#include "finger/server/accounts/answer.h"

#include <fmt/format.h>

namespace finger {

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
