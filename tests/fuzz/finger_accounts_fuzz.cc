// Promise: for any names in a directory, the users are sorted and unique. A query finds each of
// them and nobody else. An answer has a line for each user, without control characters for a
// terminal.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "finger/accounts/accounts.h"
#include "finger/accounts/gecos.h"
#include "finger/protocol/error.h"
#include "finger/protocol/query.h"
#include "finger/protocol/utf8.h"
#include "target.h"

namespace {

using finger::Account;
using finger::Accounts;
using tests::require;

/// Removes the text up to the separator, and the separator, and returns the text.
std::string_view take_until(std::string_view& text, char separator) {
  const auto found = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(found.size() + 1, text.size()));
  return found;
}

/// Reads users from an input, each with a login and a GECOS field. These end with a bar, so they
/// may have line ends and colons, as a network's directory may send them.
std::vector<Account> entries_of(std::string_view text) {
  std::vector<Account> entries;
  while (!text.empty()) {
    const std::string login(take_until(text, '|'));
    const std::string gecos(take_until(text, '|'));
    const auto uid = static_cast<uid_t>(entries.size());
    entries.push_back({login, finger::full_name(gecos, login), "/home/" + login, uid, 100});
  }
  return entries;
}

void check_found(const Accounts& accounts, const Account& account) {
  const auto query = finger::parse_query(account.login);
  require(query && !query->verbose && !query->user.empty());
  require(accounts.find(query->user) == &account);
  require(finger::printable(account.full_name) == account.full_name);
}

/// Slow, but plainly correct.
const Account* search(const Accounts& accounts, std::string_view login) {
  const auto all = accounts.all();
  const auto found = std::ranges::find(all, login, &Account::login);
  return found == all.end() ? nullptr : &*found;
}

/// Requires a single complete line of printable text with this many tabs.
void check_line(std::string_view line, std::size_t tabs) {
  require(line.ends_with("\r\n"));
  std::string text(line.substr(0, line.size() - 2));
  require(std::erase(text, '\t') == tabs);
  require(finger::printable(text) == text);
}

void check_list(std::string_view list, std::size_t lines, std::size_t tabs) {
  for (; lines > 0; --lines) {
    const auto line = list.substr(0, list.find('\n') + 1);
    check_line(line, tabs);
    list.remove_prefix(line.size());
  }
  require(list.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto entries = entries_of(text);
  const Accounts accounts(entries);
  for (const Account& account : accounts.all()) {
    check_found(accounts, account);
    const auto line = finger::name_line(account);
    check_line(line, 0);
    require(line.size() <= finger::full_name_bytes_max + 8);
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

  check_list(finger::list_answer(accounts, true), accounts.all().size(), 1);
  check_list(finger::list_answer(accounts, false), accounts.all().size(), 0);
  // Any number, as an error, must give a line or nothing.
  const int number = size > 0 ? data[0] : 0;
  const std::error_code ours(number, make_error_code(finger::Error::no_such_user).category());
  for (const auto error : {ours, std::error_code(number, std::system_category())}) {
    const auto line = finger::error_line(error);
    if (!line.empty()) check_line(line, 0);
    if (!line.empty()) require(line.starts_with("Error: "));
  }
  return 0;
}

std::vector<std::string> tests::seeds() {
  return {"bob|Bob Baker,Room 1,,|alice|& Adams|carol||", "bob|one|bob|two|bo|three|bobby|four",
          "jos\xC3\xA9|Jos\xC3\xA9 \xE2\x82\xAC|\xF0\x9F\x99\x82|&&&&|",
          "e\nve|Eve\r\nroot\x1B[2J|al@x|| ..||../x|\xC2\x9B\xE9|",
          "||/W|&|/Wx|&,&|" + std::string(1025, 'x') + "|,"};
}
