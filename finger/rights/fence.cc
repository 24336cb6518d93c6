#include "finger/rights/fence.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/server/log.h"

namespace finger {
namespace {

using common::Fd;
constexpr __u64 read_file = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr __u64 read_directory = LANDLOCK_ACCESS_FS_READ_DIR;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;  // a report lists threads, and reads files from everywhere
#else
constexpr bool is_sanitized = false;
#endif

// Debian 12's <linux/landlock.h> has no network yet, and no scopes.
constexpr __u64 bind_tcp = 1U << 0;
constexpr __u64 connect_tcp = 1U << 1;
constexpr __u64 abstract_unix_sockets = 1U << 0;
constexpr __u64 signals = 1U << 1;

/// Accesses that a ruleset forbids, except by its rules. An older kernel, with a shorter struct,
/// accepts this one if the rest is 0.
struct Forbidden {
  __u64 files;
  __u64 network = 0;
  __u64 scopes = 0;
};

/// 0: no Landlock, or switched off.
long landlock_version() {
  return std::max(
      0L, ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

Fd create_ruleset(const Forbidden& forbidden) {
  return Fd(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &forbidden, sizeof forbidden, 0)));
}

/// Restricts this process, or logs once that a fence is missing.
void restrict_process(const Fd& rules) {
  static bool is_said = false;
  if (rules && ::syscall(SYS_landlock_restrict_self, rules.get(), 0) == 0) return;
  if (std::exchange(is_said, true)) return;
  common::log(
      fmt::format("{}: nothing keeps the worker out of other files of the accounts that it serves",
                  rules ? "Landlock is there, and refused" : "no Landlock"),
      common::Severity::warning);
}

}  // namespace

std::expected<void, std::string> forbid_writing() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    return std::unexpected("cannot set PR_SET_NO_NEW_PRIVS");
  }
  const long version = landlock_version();
  // All rights that the version knows: 13 in the first, one more in the second and in the third.
  const long rights = 12 + std::min(version, 3L);
  const __u64 all = (__u64{1} << rights) - 1;
  restrict_process(create_ruleset({.files = all & ~(read_file | read_directory),
                                   .scopes = version < 6 ? 0 : abstract_unix_sockets | signals}));
  return {};
}

HomeFence::HomeFence()
    : rules_(create_ruleset({.files = is_sanitized ? read_file : read_file | read_directory,
                             .network = landlock_version() < 4 ? 0 : bind_tcp | connect_tcp})) {
  // A filter of system calls may refuse the call that permit() makes, and no fence is better than
  // no plan. Without a rule the kernel itself answers EFAULT.
  (void)::syscall(SYS_landlock_add_rule, rules_.get(), LANDLOCK_RULE_PATH_BENEATH, nullptr, 0);
  if (errno != EFAULT) rules_ = {};
  if (is_sanitized) (void)permit(Fd(::open("/", O_PATH | O_CLOEXEC)));
}

bool HomeFence::permit(const Fd& directory) const {
  const landlock_path_beneath_attr rule{.allowed_access = read_file, .parent_fd = directory.get()};
  constexpr auto kind = LANDLOCK_RULE_PATH_BENEATH;
  return ::syscall(SYS_landlock_add_rule, rules_.get(), kind, &rule, 0) == 0;
}

void HomeFence::put_up() const { restrict_process(rules_); }

}  // namespace finger
