#include "finger/server/process/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <system_error>

namespace finger {
namespace {

namespace fs = std::filesystem;

constexpr __u64 read_file = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr __u64 read_directory = LANDLOCK_ACCESS_FS_READ_DIR;

// Debian 12's <linux/landlock.h> has no network yet.
constexpr __u64 bind_tcp = 1U << 0;
constexpr __u64 connect_tcp = 1U << 1;

/// What a ruleset forbids, but for its rules.
struct Forbidden {
  __u64 files;
  __u64 network;  ///< An older kernel accepts a longer struct than its own if the rest is 0.
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

/// Whether the entries of a directory are mounted when they are looked at.
bool mounts_on_demand(const fs::path& directory) {
  struct statfs about {};
  return ::statfs(directory.c_str(), &about) == 0 && about.f_type == AUTOFS_SUPER_MAGIC;
}

/// A directory that holds homes.
struct Holder {
  fs::path real;  ///< Without links; empty: there is none.
  bool is_autofs = false;
};

Holder look_at(const fs::path& directory) {
  std::error_code ignored;  // what cannot be reached now is not permitted, nor could it be opened
  auto real = fs::canonical(directory, ignored);
  const bool is_autofs = mounts_on_demand(real);
  return {.real = std::move(real), .is_autofs = is_autofs};
}

fs::path without_last_slash(const std::string& home) {
  const fs::path path(home);
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

void forbid_writing() {
  const long version = landlock_version();
  if (version < 1) return;
  // All rights that the version knows: 13 in the first, one more in the second and in the third.
  const long rights = 12 + std::min(version, 3L);
  const __u64 all = (__u64{1} << rights) - 1;
  restrict_thread(create_ruleset({.files = all & ~(read_file | read_directory), .network = 0}));
}

HomeFence::HomeFence() {
  const long version = landlock_version();
  if (version < 1) return;
  rules_ = create_ruleset(
      {.files = read_file | read_directory, .network = version < 4 ? 0 : bind_tcp | connect_tcp});
  permit("/proc/sys/kernel/io_uring_disabled", read_file);  // uring::explain() looks at it
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  permit("/", read_file | read_directory);  // a report takes files from everywhere
#endif
}

HomeFence HomeFence::of_accounts(const Accounts& accounts) {
  HomeFence fence;
  std::map<fs::path, Holder> holders;
  for (const Account& account : accounts.all()) {
    const fs::path home = without_last_slash(account.home);
    const auto [found, is_new] = holders.try_emplace(home.parent_path());
    if (is_new) found->second = look_at(home.parent_path());
    const Holder& holder = found->second;
    if (holder.real.empty()) continue;
    fence.permit_around(holder.real / home.filename(), read_file);
    // A look at the home itself would mount it, and wait for the server that it comes from.
    if (holder.is_autofs) continue;
    std::error_code ignored;
    if (fs::is_symlink(home, ignored)) fence.permit_around(fs::canonical(home, ignored), read_file);
  }
  return fence;
}

HomeFence HomeFence::of_directory(const std::string& users) {
  HomeFence fence;
  std::error_code ignored;
  fence.permit_around(fs::canonical(users, ignored), read_file | read_directory);
  return fence;
}

void HomeFence::put_up() const { restrict_thread(rules_); }

/// A rule for the home alone would hold for the directory that is there now, and not for what is
/// mounted or moved there later. But all that `/` holds would be too much.
void HomeFence::permit_around(const fs::path& home, std::uint64_t reading) {
  const fs::path holder = home.parent_path();
  const fs::path& permitted = holder == holder.root_path() ? home : holder;
  if (permitted != permitted.root_path()) permit(permitted, reading);
}

void HomeFence::permit(const fs::path& path, std::uint64_t reading) {
  if (!rules_ || !permitted_.insert(path).second) return;
  const common::Fd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd) return;
  const landlock_path_beneath_attr rule{.allowed_access = reading, .parent_fd = fd.get()};
  (void)::syscall(SYS_landlock_add_rule, rules_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

}  // namespace finger
