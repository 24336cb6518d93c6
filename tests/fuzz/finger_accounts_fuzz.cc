// Promise: whatever a directory calls its users, they are in order, each once, each found by a
// query that asks for it; and nobody else is found.

#include "entries.h"
#include "finger/accounts/accounts.h"
#include "finger/protocol/query.h"
#include "finger/protocol/utf8.h"
#include "target.h"

namespace {

using finger::Account;
using finger::Accounts;
using tests::require;

void check_found(const Accounts& accounts, const Account& account) {
  const auto query = finger::parse_query(account.login);
  require(query && !query->verbose && !query->user.empty());
  require(accounts.find(query->user) == &account);
  require(finger::printable(account.full_name) == account.full_name);
}

/// As slow as it is plain.
const Account* search(const Accounts& accounts, std::string_view login) {
  const auto all = accounts.all();
  const auto found = std::ranges::find(all, login, &Account::login);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto entries = tests::entries(text);
  const Accounts accounts(entries);
  for (const Account& account : accounts.all()) {
    check_found(accounts, account);
    const auto first = std::ranges::find(entries, account.login, &Account::login);
    require(first != entries.end() && first->uid == account.uid);
  }
  const auto ascends = [](const Account& one, const Account& next) {
    return one.login < next.login;
  };
  const auto all = accounts.all();
  for (std::size_t i = 1; i < all.size(); ++i) require(ascends(all[i - 1], all[i]));

  for (const auto& entry : entries) {
    const std::string_view login = entry.login;
    for (const auto asked : {login, login.substr(0, login.size() / 2), text}) {
      require(accounts.find(asked) == search(accounts, asked));
    }
    const auto query = finger::parse_query(login);
    const bool can_be_asked_for = query && !query->user.empty() && query->user == login;
    require((accounts.find(login) != nullptr) == can_be_asked_for);
  }
  return 0;
}

std::vector<std::string> tests::seeds() { return entry_seeds(); }
