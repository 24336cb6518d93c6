#include "finger/rights/fence.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/log.h"
#include "common/server/process.h"
#include "finger/process/descriptors.h"

namespace finger {
namespace {

using common::Fd;

/// For all directories together.
constexpr auto patience = std::chrono::seconds(2);

/// A directory that holds homes, and their names in it.
struct Holder {
  std::string path;
  std::vector<std::string> names;
  bool has_answered = false;
  bool is_closed = false;  ///< No rule could be made for a home in it: see look().
};

/// What a process that looks says.
struct Answer {
  std::uint32_t number;  ///< Of the holder.
  bool is_closed;
};

std::vector<Holder> holders_of(const Accounts& accounts) {
  std::map<std::string, std::vector<std::string>> found;
  for (const Account& account : accounts.all()) {
    const std::string_view home(account.home);
    const auto end = home.find_last_not_of('/');
    const auto slash = home.rfind('/', end);
    if (end == home.npos || slash == home.npos) continue;  // no home, or the root directory
    const auto holder = slash == 0 ? "/" : home.substr(0, slash);
    found[std::string(holder)].emplace_back(home.substr(slash + 1, end - slash));
  }
  std::vector<Holder> holders;
  for (auto& [path, names] : found) holders.push_back({path, std::move(names)});
  return holders;
}

Fd open_directory(int parent, const char* path) {
  return Fd(::openat(parent, path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

bool is_root_directory(const Fd& directory) {
  struct stat here {};
  struct stat root {};
  return ::fstat(directory.get(), &here) == 0 && ::stat("/", &root) == 0 &&
         here.st_dev == root.st_dev && here.st_ino == root.st_ino;
}

// [permit_around]
/// What is beneath the directory that holds this one; or, as all that `/` holds would be too much,
/// what is beneath this one.
void permit_around(const HomeFence& fence, const Fd& home) {
  const Fd holder = open_directory(home.get(), "..");
  const Fd& permitted = is_root_directory(holder) ? home : holder;
  if (permitted && !is_root_directory(permitted)) fence.permit(permitted);
}
// [/permit_around]

/// Asks nothing of what is mounted there: that is no link.
bool is_link(const Fd& directory, const std::string& name) {
  const open_how how{
      .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_NO_XDEV};
  const Fd entry(
      static_cast<int>(::syscall(SYS_openat2, directory.get(), name.c_str(), &how, sizeof how)));
  struct statx about {};
  constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  return entry && ::statx(entry.get(), "", flags, STATX_TYPE, &about) == 0 &&
         S_ISLNK(about.stx_mode);
}

/// Whether its entries are mounted when they are looked at.
bool mounts_on_demand(const Fd& directory) {
  struct statfs about {};
  return ::fstatfs(directory.get(), &about) == 0 && about.f_type == AUTOFS_SUPER_MAGIC;
}

/// At the directory, if that is not `/` itself, and then at the homes in it that are links. False:
/// one of them is closed to this process, though perhaps not to a home's owner. It has root's
/// credentials, and still less rights where a unit leaves it few capabilities, or on NFS.
bool look(const HomeFence& fence, const Holder& holder) {
  const Fd directory = open_directory(AT_FDCWD, holder.path.c_str());
  if (!directory) return errno != EACCES;  // else no plan in it can be opened
  const bool holds_all = is_root_directory(directory);
  if (!holds_all) fence.permit(directory);
  if (mounts_on_demand(directory)) return true;
  bool is_open = true;
  for (const std::string& name : holder.names) {
    if (!holds_all && !is_link(directory, name)) continue;
    const Fd home = open_directory(directory.get(), name.c_str());
    if (!home && errno == EACCES) is_open = false;
    if (home) permit_around(fence, home);
  }
  return is_open;
}

/// Twice, so that it is no child of this process, which would wait for it, but of the parent.
/// True: in the process that looks. Error: of fork(2).
common::Result<bool> fork_twice() {
  const pid_t between = ::fork();
  if (between < 0) return common::last_error();
  if (between == 0) {
    const pid_t looks = ::fork();
    if (looks == 0) return true;
    std::_Exit(looks > 0 ? 0 : errno);
  }
  int status = 0;
  (void)::waitpid(between, &status, 0);
  if (status == 0) return false;
  return std::unexpected(std::error_code(WEXITSTATUS(status), std::system_category()));
}

/// The process that looks: it may be there for days, so it has a name of its own, and neither the
/// port nor the parent's ear.
[[noreturn]] void look_and_end(const HomeFence& fence, const Holder& holder, std::uint32_t number,
                               const Fd& answers) {
  (void)::prctl(PR_SET_NAME, "fingerd-look", 0, 0, 0);
  close_all_but({STDERR_FILENO, answers.get(), fence.descriptor()});
  const Answer answer{.number = number, .is_closed = !look(fence, holder)};
  const bool is_told = ::send(answers.get(), &answer, sizeof answer, MSG_NOSIGNAL) > 0;
  std::_Exit(is_told ? 0 : answered_late);  // EPIPE: it is not waited for any more
}

/// False: all processes have ended, or nothing is there.
bool hear(std::vector<Holder>& holders, const Fd& answers, int flags) {
  Answer answer{};
  if (::recv(answers.get(), &answer, sizeof answer, flags) != sizeof answer) return false;
  holders[answer.number].has_answered = true;
  holders[answer.number].is_closed = answer.is_closed;
  return true;
}

}  // namespace

std::expected<void, std::string> permit_homes(const HomeFence& fence, const Roster& roster,
                                              const Control& control) {
  if (fence.descriptor() < 0) return {};
  if (roster.users) {  // whatever is put in its place, this worker serves that one
    if (!is_root_directory(roster.users)) fence.permit(roster.users);
    return {};
  }
  auto holders = holders_of(roster.accounts);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) < 0) {
    return std::unexpected(common::explain_no_descriptor("to look for homes"));
  }
  const Fd answers(ends[0]);
  Fd answer(ends[1]);
  for (std::uint32_t i = 0; i < holders.size(); ++i) {
    const auto looks = fork_twice();
    if (!looks) return std::unexpected(common::explain_no_thread(looks.error()));
    if (*looks) look_and_end(fence, holders[i], i, answer);
    while (hear(holders, answers, MSG_DONTWAIT)) {  // with thousands, the socket would be full
    }
  }
  answer = {};
  const auto end = common::Clock::now() + patience;
  pollfd answered{.fd = answers.get(), .events = POLLIN, .revents = 0};
  while (::poll(&answered, 1, common::timeout_ms(end)) > 0 && hear(holders, answers, 0)) {
  }
  // From now on a process that still looks learns that it is late; what it has said before counts.
  (void)::shutdown(answers.get(), SHUT_RD);
  while (hear(holders, answers, MSG_DONTWAIT)) {
  }
  for (const Holder& each : holders) {
    const std::string path = common::escape(std::as_bytes(std::span(each.path)));
    if (!each.has_answered) {
      control.say(Control::silent);
      common::log(
          fmt::format("{} does not answer: homes in it may be left out until it does", path),
          common::Severity::warning);
    } else if (each.is_closed) {
      common::log(fmt::format("not all homes in {} are served: a directory on the way is closed "
                              "to fingerd",
                              path),
                  common::Severity::warning);
    }
  }
  return {};
}

}  // namespace finger
