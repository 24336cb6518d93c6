#include "finger/server/accounts/user_count.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace finger {
namespace {

/// The line stays readable, and fits the pipe from a worker to its parent.
constexpr std::size_t names_max = 8;

std::string counted(std::size_t users) {
  return fmt::format("{} user{}", users, users == 1 ? "" : "s");
}

}  // namespace

UserCount UserCount::of(const Accounts& accounts) {
  const auto names = accounts.without_account();
  const auto named = names.first(std::min(names.size(), names_max));
  std::string text;
  for (const std::string& name : named) {
    text += text.empty() ? "" : ", ";
    text += common::escape(std::as_bytes(std::span(name)));
  }
  if (named.size() < names.size()) text += fmt::format(" and {} more", names.size() - named.size());
  return {.users = accounts.all().size(), .without_account = std::move(text)};
}

std::string UserCount::text() const {
  const auto lacking = without_account.empty() ? "" : "; no account: " + without_account;
  return counted(users) + lacking;
}

std::string UserCount::text_after(std::size_t before) const {
  const auto lacking = without_account.empty() ? "" : "; no account: " + without_account;
  return fmt::format("{}, before {}{}", counted(users), before, lacking);
}

common::Severity UserCount::severity_after(std::size_t before) const {
  const bool has_shrunk = before > 0 && users <= before / 2;
  return has_shrunk ? common::Severity::warning : common::Severity::info;
}

}  // namespace finger
