#include "common/escape.h"
#include "finger/no_descriptor.h"
#include "finger/rights/fence.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/server/log.h"
#include "common/server/process.h"
#include "finger/process/descriptors.h"

namespace finger {
namespace {

using common::Fd;

/// How long to wait for all directories together.
constexpr int patience_ms = 2000;

/// The directories that hold homes: each path, with the names of the homes in it.
using Holders = std::map<std::string, std::set<std::string>>;

/// The result of a look, in memory shared with the process that looks. Both processes try to
/// replace `waiting`, this one when its patience ends. The first to do so wins.
using Ended = std::atomic<char>;
constexpr char waiting = 0;
constexpr char all_found = 1;
constexpr char some_closed = 2;  ///< A home has no rule: see look().
constexpr char too_late = 3;

bool end(Ended& look, char how) {
  char expected = waiting;
  return look.compare_exchange_strong(expected, how);
}

Holders holders_of(const Accounts& accounts) {
  Holders found;
  for (const Account& account : accounts.all()) {
    const std::string_view home(account.home);
    const auto end = home.find_last_not_of('/');
    const auto slash = home.rfind('/', end);
    if (end == home.npos || slash == home.npos) continue;  // no home, or the root directory
    const auto holder = slash == 0 ? "/" : home.substr(0, slash);
    found[std::string(holder)].emplace(home.substr(slash + 1, end - slash));
  }
  return found;
}

bool is_roots(const Fd& file) {
  struct statx about {};
  constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  return ::statx(file.get(), "", flags, STATX_UID, &about) == 0 && about.stx_uid == 0;
}

/// A directory and the one that contains it, either of which this process may be unable to search.
struct Place {
  Fd directory;
  Fd holder;  ///< The directory that contains `directory`; empty for the root directory.
};

/// Opens the directory at an absolute path, without letting a user choose where the path leads.
/// Follows a link only if root owns both the link and the directory that contains it. Any other may
/// belong to a user who owns the directory above the home, and lead to other users' files. On
/// failure the result is empty, and errno is EACCES also if a link wasn't followed.
Place find_directory(std::string path) {
  constexpr int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  constexpr int links_max = 40;  // the kernel's own limit: path_resolution(7)
  Fd here(::open("/", flags | O_DIRECTORY));
  Fd holder;
  for (int links = 0; links <= links_max;) {
    const auto begin = path.find_first_not_of('/');
    if (begin == path.npos) return {std::move(here), std::move(holder)};
    const auto end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    path.erase(0, end);
    Fd next(::openat(here.get(), name.c_str(), flags | O_DIRECTORY));
    if (!next && errno != ENOTDIR) return {};
    if (next) {
      holder = std::exchange(here, std::move(next));
      continue;
    }
    const Fd link(::openat(here.get(), name.c_str(), flags));
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlinkat(link.get(), "", target.data(), target.size());
    if (size < 0) return {};  // a file, not a link
    if (!is_roots(here) || !is_roots(link)) break;
    if (target[0] == '/') here = Fd(::open("/", flags | O_DIRECTORY));
    if (target[0] == '/') holder = {};
    path.insert(0, target.data(), static_cast<std::size_t>(size));
    ++links;
  }
  errno = EACCES;
  return {};
}

/// Whether `directory` is the root directory, or may be if we can't tell.
bool is_root_directory(const Fd& directory) {
  struct stat here {};
  struct stat root {};
  if (::fstat(directory.get(), &here) < 0 || ::stat("/", &root) < 0) return true;
  return here.st_dev == root.st_dev && here.st_ino == root.st_ino;
}

/// Permits everything beneath the directory that holds a home; if that is `/`, which holds too
/// much, only what is beneath the home. Returns false if nothing is permitted.
bool permit_around(const HomeFence& fence, const Place& home) {
  const Fd& permitted = is_root_directory(home.holder) ? home.directory : home.holder;
  return permitted && !is_root_directory(permitted) && fence.permit(permitted);
}

/// Whether the entry is a link or a file. A mount point is neither, and we don't ask its server.
bool is_link(const Fd& directory, const std::string& name) {
  const open_how how{
      .flags = O_PATH | O_DIRECTORY | O_NOFOLLOW, .mode = 0, .resolve = RESOLVE_NO_XDEV};
  const Fd entry(
      static_cast<int>(::syscall(SYS_openat2, directory.get(), name.c_str(), &how, sizeof how)));
  return !entry && errno != EXDEV;  // if the call is refused, it may be one
}

/// Whether this is an automounter's directory, where looking at an entry mounts it.
bool mounts_on_demand(const Fd& directory) {
  struct statfs about {};
  return ::fstatfs(directory.get(), &about) == 0 && about.f_type == AUTOFS_SUPER_MAGIC;
}

/// Whether the error means that nothing is there. Any other may be about this process alone.
bool is_missing(int error) { return error == ENOENT || error == ENOTDIR; }

/// Permits the directory, and the surroundings of the homes in it that are links; or if it is `/`,
/// the surroundings of all its homes. Returns false if one is closed to this process, though
/// perhaps not to the home's owner, or beyond a link that we don't follow. We have root's
/// credentials, but not all rights on NFS, or if a unit leaves us few capabilities.
bool look(const HomeFence& fence, const Holders::value_type& holder) {
  const auto& [path, names] = holder;
  const Fd directory = find_directory(path).directory;
  if (!directory) return is_missing(errno);
  const bool holds_all = is_root_directory(directory);
  bool is_open = holds_all || fence.permit(directory);
  if (mounts_on_demand(directory)) return is_open;
  for (const std::string& name : names) {
    if (!holds_all && !is_link(directory, name)) continue;
    const Place home = find_directory(path + "/" + name);
    const bool is_closed = home.directory ? !permit_around(fence, home) : !is_missing(errno);
    if (is_closed) is_open = false;
  }
  return is_open;
}

/// Runs in the process that looks, which a dead file server may hold up for days. So we give that
/// process a name for ps(1), and close the listening sockets and the connection to the parent.
/// `end_of_all` is a pipe that is closed when the last of these processes has ended.
[[noreturn]] void look_and_end(const HomeFence& fence, const Holders::value_type& holder,
                               Ended& ended, const Fd& end_of_all) {
  (void)::prctl(PR_SET_NAME, "fingerd-look", 0, 0, 0);
  close_all_but({STDERR_FILENO, end_of_all.get(), fence.descriptor()});
  (void)end(ended, look(fence, holder) ? all_found : some_closed);  // too late: the parent reloads
  std::_Exit(0);
}

}  // namespace

std::expected<void, std::string> permit_homes(const HomeFence& fence, const Roster& roster,
                                              const Control& control) {
  if (fence.descriptor() < 0) return {};
  if (roster.users) {  // already open: the same directory, even if DIR is replaced
    if (!is_root_directory(roster.users) && fence.permit(roster.users)) return {};
    return std::unexpected(
        "cannot read the plans: --users is the root directory, or Landlock refuses a rule for it");
  }
  const auto holders = holders_of(roster.accounts);
  if (holders.empty()) return {};
  std::array<int, 2> ends{};
  const std::size_t bytes = holders.size() * sizeof(Ended);
  auto* const looks = static_cast<Ended*>(
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (looks == MAP_FAILED || ::pipe2(ends.data(), O_CLOEXEC) < 0) {
    return std::unexpected(
        explain_no_descriptor(common::last_error().error(), "to look for homes"));
  }
  const Fd all_ended(ends[0]);
  Fd end_of_all(ends[1]);
  std::vector<long> processes;
  for (const auto& each : holders) {
    // CLONE_PARENT, because a late process outlives this one. --check-config has no parent.
    const int flags = SIGCHLD | (control.fd() ? CLONE_PARENT : 0);
    const long process = ::syscall(SYS_clone, flags, 0, 0, 0, 0);  // fork(2) takes no flags
    if (process == 0) look_and_end(fence, each, looks[processes.size()], end_of_all);
    if (process < 0) {
      return std::unexpected(common::explain_no_thread(common::last_error().error()));
    }
    processes.push_back(process);
    (void)::sched_yield();  // most end immediately, so hundreds needn't exist together
  }
  end_of_all = {};
  pollfd ended{.fd = all_ended.get(), .events = 0, .revents = 0};
  (void)::poll(&ended, 1, patience_ms);  // POLLHUP is always reported
  for (std::size_t i = 0; const auto& [path_bytes, names] : holders) {
    const std::string path = common::escape(std::as_bytes(std::span(path_bytes)));
    Ended& look = looks[i];
    const long process = processes[i++];
    if (end(look, too_late)) {
      control.say(Control::silent, std::to_string(process));
      common::log(
          fmt::format("{} does not answer: homes in it may be left out until it does", path),
          common::Severity::warning);
    } else if (look == some_closed) {
      common::log(fmt::format("some homes in {} are not served: a directory on the way is closed "
                              "to fingerd, or is a link that root does not own",
                              path),
                  common::Severity::warning);
    }
  }
  (void)::munmap(looks, bytes);
  return {};
}

}  // namespace finger
