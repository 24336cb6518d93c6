#include "finger/accounts/roster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "common/escape.h"
#include "finger/no_descriptor.h"
#include "finger/protocol/crlf.h"

namespace finger {
namespace {

/// The list for an empty group, if the administrator has no text.
constexpr std::string_view nobody_listed = "Nobody here has a plan to show.\r\n";

std::string explain(const RosterSource& source, std::error_code error) {
  if (error == std::errc::too_many_files_open) {
    return explain_no_descriptor(error, "to read who has opted in");
  }
  if (!source.users.empty()) {
    // The daemon may no longer run as the user who started it.
    const bool is_denied = error == std::errc::permission_denied;
    const auto user = is_denied ? fmt::format(" (uid {})", ::geteuid()) : "";
    const auto call = error == std::errc::function_not_supported ? "openat2(2): " : "";
    return fmt::format("cannot read --users {}: {}{}{}", source.users, call, error.message(), user);
  }
  if (error == Error::no_such_group) {
    return fmt::format("there is no group {}: make one with groupadd, or name another by --group",
                       source.group);
  }
  return fmt::format("cannot read who is in the group {}: {}", source.group, error.message());
}

/// The text, with CRLF at the end of each line. Errors: of open(2) and read(2); file_too_large;
/// not_regular.
Result<std::string> read_list_text(const std::string& path) {
  if (path.empty()) return std::string();
  // O_NONBLOCK, because opening a FIFO must not wait for a writer.
  const common::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return common::last_error();
  struct stat about {};
  if (::fstat(file.get(), &about) < 0) return common::last_error();
  if (!S_ISREG(about.st_mode)) return failure(Error::not_regular);
  std::vector<std::byte> text(list_text_bytes_max + 1);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0) return common::last_error();
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > list_text_bytes_max) {
    return std::unexpected(make_error_code(std::errc::file_too_large));
  }
  CrlfConverter converter;
  std::string converted(CrlfConverter::growth_max * size + 2, '\0');
  const auto out = std::as_writable_bytes(std::span(converted));
  std::size_t filled = converter.convert(std::span(text).first(size), out);
  filled += converter.finish(out.subspan(filled));
  converted.resize(filled);
  return converted;
}

/// `; no account: ghost, spectre and 3 more`, or nothing if there are none. Limits the number and
/// length of names, so that the line stays readable and fits a message to the parent.
std::string name_some(std::string_view what, std::span<const std::string> names) {
  constexpr std::size_t named_max = 8;
  constexpr std::size_t name_bytes_max = 32;  // four times as many after escaping
  if (names.empty()) return {};
  std::string text = fmt::format("; {}: ", what);
  const auto named = names.first(std::min(names.size(), named_max));
  for (const std::string& name : named) {
    if (&name != named.data()) text += ", ";
    const auto shown = std::string_view(name).substr(0, name_bytes_max);
    text += common::escape(std::as_bytes(std::span(shown)));
    if (shown.size() < name.size()) text += "...";
  }
  if (named.size() < names.size()) text += fmt::format(" and {} more", names.size() - named.size());
  return text;
}

}  // namespace

std::expected<Roster, std::string> load_roster(const RosterSource& source) {
  common::Fd users;
  if (!source.users.empty()) {
    users = common::Fd(::open(source.users.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!users) return std::unexpected(explain(source, common::last_error().error()));
  }
  auto accounts = users ? Accounts::of_directory(users) : Accounts::of_group(source.group);
  if (!accounts) return std::unexpected(explain(source, accounts.error()));
  auto list = read_list_text(source.list_text);
  if (!list) {
    return std::unexpected(
        fmt::format("cannot read --list-text {}: {}", source.list_text, list.error().message()));
  }
  *list += list_answer(*accounts, source.users.empty());
  if (list->empty()) *list = nobody_listed;
  return Roster{std::move(users), std::move(*accounts), std::move(*list)};
}

std::string describe(const Accounts& accounts) {
  const std::size_t users = accounts.all().size();
  return fmt::format("{} user{}", users, users == 1 ? "" : "s") +
         name_some("no account", accounts.without_account()) +
         name_some("cannot be asked for", accounts.left_out());
}

}  // namespace finger
