#include "finger/accounts/user_list.h"

namespace finger {

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
