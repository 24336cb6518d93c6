#include "finger/server/rights/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "common/server/log.h"

namespace finger {
namespace {

namespace fs = std::filesystem;

constexpr __u64 read_file = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr __u64 read_directory = LANDLOCK_ACCESS_FS_READ_DIR;

// Debian 12's <linux/landlock.h> has no network yet, and no scopes.
constexpr __u64 bind_tcp = 1U << 0;
constexpr __u64 connect_tcp = 1U << 1;
constexpr __u64 abstract_unix_sockets = 1U << 0;
constexpr __u64 signals = 1U << 1;

/// What a ruleset forbids, but for its rules.
struct Forbidden {
  __u64 files;
  __u64 network;  ///< An older kernel accepts a longer struct than its own if the rest is 0.
  __u64 scopes;   ///< Where the other process is outside.
};

/// 0: there is no Landlock, or it is switched off.
long landlock_version() {
  return std::max(
      0L, ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

common::Fd create_ruleset(const Forbidden& forbidden) {
  return common::Fd(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &forbidden, sizeof forbidden, 0)));
}

void restrict_thread(const common::Fd& rules) {
  if (rules) (void)::syscall(SYS_landlock_restrict_self, rules.get(), 0);
}

}  // namespace

void confine() {
  const long version = landlock_version();
  if (version < 1) {
    common::log("no Landlock: nothing keeps the worker from files of the accounts that it serves",
                common::Severity::warning);
    return;
  }
  // All rights that the version knows: 13 in the first, one more in the second and in the third.
  const long rights = 12 + std::min(version, 3L);
  const __u64 all = (__u64{1} << rights) - 1;
  restrict_thread(create_ruleset({.files = all & ~(read_file | read_directory),
                                  .network = 0,
                                  .scopes = version < 6 ? 0 : abstract_unix_sockets | signals}));
}

HomeFence::HomeFence() {
  const long version = landlock_version();
  if (version < 1) return;
  rules_ = create_ruleset({.files = read_file | read_directory,
                           .network = version < 4 ? 0 : bind_tcp | connect_tcp,
                           .scopes = 0});
  // uring::why_no_ring() looks at it. Where a filter of system calls forbids even that: better no
  // fence than no plan.
  if (!permit("/proc/sys/kernel/io_uring_disabled", read_file)) rules_ = {};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  permit("/", read_file | read_directory);  // a report takes files from everywhere
#endif
}

HomeFence HomeFence::of_directory(const std::string& users) {
  HomeFence fence;
  std::error_code ignored;
  fence.permit_around(fs::canonical(users, ignored), read_file | read_directory);
  return fence;
}

void HomeFence::permit_around(const fs::path& home) const { permit_around(home, read_file); }

void HomeFence::put_up() const { restrict_thread(rules_); }

// [permit_around]
/// A rule for the home alone would hold for the directory that is there now, and not for what is
/// mounted or moved there later. But all that `/` holds would be too much.
void HomeFence::permit_around(const fs::path& home, std::uint64_t reading) const {
  const fs::path holder = home.parent_path();
  const fs::path& permitted = holder == holder.root_path() ? home : holder;
  if (permitted != permitted.root_path()) (void)permit(permitted, reading);
}
// [/permit_around]

/// Whether rules are permitted at all.
bool HomeFence::permit(const fs::path& path, std::uint64_t reading) const {
  const common::Fd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!rules_ || !fd) return true;  // what cannot be reached now is not permitted
  const landlock_path_beneath_attr rule{.allowed_access = reading, .parent_fd = fd.get()};
  constexpr auto kind = LANDLOCK_RULE_PATH_BENEATH;
  return ::syscall(SYS_landlock_add_rule, rules_.get(), kind, &rule, 0) == 0;
}

}  // namespace finger
