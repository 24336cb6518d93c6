#include "finger/server/supervision/report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <span>

#include "common/server/log.h"

namespace finger {
namespace {

constexpr std::string_view ready_text = "ready";
constexpr std::string_view beat_text = ".";

}  // namespace

common::Result<Report::Ends> Report::make_pipes() {
  Ends ends;
  for (const auto pipe : {&Pipes::said, &Pipes::lifeline, &Pipes::accepts, &Pipes::news}) {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK) < 0) return common::last_error();
    ends.parent.*pipe = common::Fd(fds[0]);
    ends.worker.*pipe = common::Fd(fds[1]);
  }
  return ends;
}

bool Report::ready(const UserCount& found) {
  return say(fmt::format("{} {} {}\n", ready_text, found.users, found.without_account));
}

void Report::alive() { (void)say(beat_text); }  // a full pipe has enough of them

int Report::failed(std::string_view line) {
  (void)say(line);  // fails only if the parent has gone
  return 1;
}

/// Up to PIPE_BUF bytes an empty pipe takes whole, or its reader has gone. pipe(7)
bool Report::say(std::string_view text) {
  const auto piece = text.substr(0, PIPE_BUF);
  const ssize_t written = ::write(pipes_.said.get(), piece.data(), piece.size());
  return written >= 0;
}

/// Up to the end of its line: the first beat may follow it. It comes from a process that talks to
/// strangers.
std::optional<UserCount> Report::read_ready(std::string_view said) {
  if (!said.starts_with(ready_text)) return std::nullopt;
  said = said.substr(0, said.find('\n'));
  said.remove_prefix(std::min(said.size(), ready_text.size() + 1));
  const auto number = said.substr(0, said.find(' '));
  said.remove_prefix(std::min(said.size(), number.size() + 1));
  UserCount found;
  (void)std::from_chars(number.data(), number.data() + number.size(), found.users);
  found.without_account = common::escape(std::as_bytes(std::span(said)));
  return found;
}

}  // namespace finger
