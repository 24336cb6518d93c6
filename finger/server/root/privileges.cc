#include "finger/server/root/privileges.h"

#include <linux/landlock.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "common/fd.h"

namespace finger {
namespace {

using common::Status;

/// The user to become. nullopt: the system has neither account, or they are root.
std::optional<User> unprivileged_user() {
  for (const char* name : {"fingerd", "nobody"}) {
    const passwd* const entry = ::getpwnam(name);  // one thread as yet
    if (entry != nullptr && entry->pw_uid != 0 && entry->pw_gid != 0) {
      return User{.uid = entry->pw_uid, .gid = entry->pw_gid};
    }
  }
  return std::nullopt;
}

/// From now on this thread and those that it starts open files only for reading, whatever their
/// rights, and so does an operation with credentials that they register: an owner's rights would
/// otherwise do for writing, too. Where landlock(7) is switched off there is one fence less.
void only_read_files() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return;
  // All rights that the version knows: 13 in the first, one more in the second and in the third.
  const int rights = 12 + static_cast<int>(std::min(version, 3L));
  constexpr __u64 reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  const __u64 forbidden = ((__u64{1} << rights) - 1) & ~reading;
  const common::Fd rules(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &forbidden, sizeof forbidden, 0)));
  if (rules) (void)::syscall(SYS_landlock_restrict_self, rules.get(), 0);
}

/// Tries to get back what was given up.
bool is_root_gone(const User& user) {
  if (set_user_ids(0, 0, 0)) return false;
  if (set_group_ids(0)) return false;
  return has_only_ids_of(user) && has_no_capability();
}

}  // namespace

std::string give_root_up() {
  const auto user = fence_in();
  if (!user) return user.error();
  std::string complaint = become(*user);
  forbid_tracing();
  return complaint;
}

std::expected<User, std::string> fence_in() {
  const auto user = unprivileged_user();
  if (!user) {
    return std::unexpected("there is no user nobody to run as: add a system user fingerd");
  }
  // Effective capabilities would outlive a change of user, and be registered with it.
  if ((::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & SECBIT_NO_SETUID_FIXUP) != 0) {
    return std::unexpected("cannot give root up: the securebit no_setuid_fixup is set");
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {  // which landlock(7) asks for
    return std::unexpected("cannot give root up: PR_SET_NO_NEW_PRIVS is not to be had");
  }
  only_read_files();
  return *user;
}

std::string become(const User& user) {
  const auto failed = [](std::string_view what, std::error_code error) {
    return fmt::format("cannot give root up: {}: {}", what, error.message());
  };
  int with_parent = 0;  // the signal to get when the parent process ends; 0: none
  (void)::prctl(PR_GET_PDEATHSIG, &with_parent, 0, 0, 0);
  // The groups first: without uid 0 they could not be left any more.
  const auto left = leave_all_groups();
  if (!left) return failed("setgroups", left.error());
  const auto changed_gid = set_group_ids(user.gid);
  if (!changed_gid) return failed("setresgid", changed_gid.error());
  const auto changed_uid = set_user_ids(user.uid, user.uid, user.uid);
  if (!changed_uid) return failed("setresuid", changed_uid.error());
  // They went with uid 0, unless a securebit that we have inherited keeps them.
  const auto dropped = drop_capabilities();
  if (!dropped) return failed("capset", dropped.error());
  // The change of user has cleared it. prctl(2)
  if (::prctl(PR_SET_PDEATHSIG, with_parent, 0, 0, 0) < 0) {
    return failed("PR_SET_PDEATHSIG", common::last_error().error());
  }
  return is_root_gone(user) ? "" : "cannot give root up: it can be had again";
}

void forbid_tracing() {
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // fails only for a wrong argument
}

}  // namespace finger
