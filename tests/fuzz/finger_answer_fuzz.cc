// Promise: whatever a directory calls its users, an answer about them is a line for each, of text
// that commands no terminal.

#include "entries.h"
#include "finger/accounts/accounts.h"
#include "finger/accounts/gecos.h"
#include "finger/protocol/error.h"
#include "finger/protocol/utf8.h"
#include "target.h"

namespace {

using tests::require;

/// One line with its end, so many tabs, and nothing else but text.
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
  const finger::Accounts accounts(tests::entries(text));
  check_list(finger::list_answer(accounts, true), accounts.all().size(), 1);
  check_list(finger::list_answer(accounts, false), accounts.all().size(), 0);
  for (const auto& account : accounts.all()) {
    const auto line = finger::name_line(account);
    check_line(line, 0);
    require(line.size() <= finger::full_name_bytes_max + 8);
  }

  // Any number as an error: nothing, or a line.
  const int number = size > 0 ? data[0] : 0;
  const std::error_code ours(number, make_error_code(finger::Error::no_such_user).category());
  for (const auto error : {ours, std::error_code(number, std::system_category())}) {
    const auto line = finger::error_line(error);
    if (!line.empty()) check_line(line, 0);
    if (!line.empty()) require(line.starts_with("Error: "));
  }
  return 0;
}

std::vector<std::string> tests::seeds() { return entry_seeds(); }
