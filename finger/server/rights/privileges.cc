#include "finger/server/rights/privileges.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <string_view>

#include "common/server/process.h"
#include "finger/server/rights/landlock.h"

namespace finger {
namespace {

using common::Status;
using Capability = __user_cap_data_struct;
using Capabilities = std::array<Capability, _LINUX_CAPABILITY_U32S_3>;

#ifdef SYS_setresuid32  // of processors whose older calls cut ids to 16 bits: another user's
constexpr long setresuid_call = SYS_setresuid32;
constexpr long setresgid_call = SYS_setresgid32;
#else
constexpr long setresuid_call = SYS_setresuid;
constexpr long setresgid_call = SYS_setresgid;
#endif

Status status_of(long result) {
  if (result < 0) return common::last_error();
  return {};
}

/// `call` is SYS_capget or SYS_capset.
Status get_or_set(long call, Capabilities& capabilities) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  return status_of(::syscall(call, &header, capabilities.data()));
}

bool has_none_of(__u32 Capability::*kind) {
  Capabilities found{};
  if (!get_or_set(SYS_capget, found)) return false;
  return std::ranges::all_of(found, [kind](const Capability& each) { return each.*kind == 0; });
}

/// nullopt: there is no such account, or it is root's, or of root's group.
std::optional<User> unprivileged_user(const std::string& name) {
  const passwd* const entry = ::getpwnam(name.c_str());  // one thread as yet
  if (entry == nullptr || entry->pw_uid == 0 || entry->pw_gid == 0) return std::nullopt;
  return User{.uid = entry->pw_uid, .gid = entry->pw_gid};
}

/// nullopt: there is no such group, or it is root's.
std::optional<gid_t> unprivileged_group(const std::string& name) {
  const group* const entry = ::getgrnam(name.c_str());
  if (entry == nullptr || entry->gr_gid == 0) return std::nullopt;
  return entry->gr_gid;
}

/// The operations that serving plans takes. The last one writes the log.
constexpr int operations[] = {IORING_OP_POLL_ADD, IORING_OP_TIMEOUT, IORING_OP_OPENAT2,
                              IORING_OP_READ,     IORING_OP_RECV,    IORING_OP_SEND,
                              IORING_OP_CLOSE,    IORING_OP_WRITE};

/// By a ring it could be written over, although it is open for appending alone: RWF_NOAPPEND, since
/// Linux 6.9. write(2) takes no such flag.
bool is_log_a_file() {
  struct stat file {};
  return ::fstat(STDERR_FILENO, &file) == 0 && S_ISREG(file.st_mode);
}

/// Tries to get back what was given up.
bool is_root_gone(const User& user) {
  if (set_user_ids(0, 0, 0)) return false;
  if (set_group_ids(0, 0, 0)) return false;
  return has_only_ids_of(user) && has_no_capability();
}

}  // namespace

Status set_user_ids(uid_t real, uid_t effective, uid_t saved) {
  return status_of(::syscall(setresuid_call, real, effective, saved));
}

Status set_group_ids(gid_t real, gid_t effective, gid_t saved) {
  return status_of(::syscall(setresgid_call, real, effective, saved));
}

Status leave_all_groups() { return status_of(::syscall(SYS_setgroups, 0, nullptr)); }

Status drop_capabilities() {
  Capabilities none{};
  return get_or_set(SYS_capset, none);
}

bool has_no_effective_capability() { return has_none_of(&Capability::effective); }

bool has_no_capability() {
  return has_none_of(&Capability::effective) && has_none_of(&Capability::permitted) &&
         has_none_of(&Capability::inheritable);
}

bool has_only_ids_of(const User& user) {
  std::array<uid_t, 3> uids{};
  std::array<gid_t, 3> gids{};
  if (::getresuid(&uids[0], &uids[1], &uids[2]) < 0) return false;
  if (::getresgid(&gids[0], &gids[1], &gids[2]) < 0) return false;
  return std::ranges::count(uids, user.uid) == 3 && std::ranges::count(gids, user.gid) == 3 &&
         ::getgroups(0, nullptr) == 0;
}

std::string give_rights_up(const std::string& chosen) {
  if (::geteuid() != 0) {
    return chosen.empty() ? fence_in() : fmt::format("only root can become --user {}", chosen);
  }
  const auto user = user_to_become(chosen);
  if (!user) return user.error();
  std::string complaint = fence_in();
  if (complaint.empty()) complaint = become(*user);
  forbid_tracing();
  return complaint;
}

Status restrict_ring(uring::Ring& ring) {
  const std::span all(operations);
  const auto permitted = ring.permit_only(is_log_a_file() ? all.first(all.size() - 1) : all);
  if (!permitted) return permitted;
  return ring.enable();
}

std::expected<User, std::string> user_to_become(const std::string& chosen) {
  const auto colon = chosen.find(':');
  const auto name = chosen.substr(0, colon);
  auto user = unprivileged_user(name.empty() ? "fingerd" : name);
  if (!user && name.empty()) user = unprivileged_user("nobody");
  if (!user && errno == EMFILE) {
    return std::unexpected(common::explain_no_descriptor("to read the accounts"));
  }
  if (!user && !name.empty()) {
    return std::unexpected(fmt::format(
        "there is no user {} to run as, or it is root's: name another by --user", name));
  }
  if (!user) {
    return std::unexpected("there is no user nobody to run as: add a system user fingerd");
  }
  if (colon != chosen.npos) {
    const auto name_of_group = chosen.substr(colon + 1);
    const auto gid = unprivileged_group(name_of_group);
    if (!gid) {
      return std::unexpected(
          fmt::format("there is no group {} to run with, or it is root's: name another by --user",
                      name_of_group));
    }
    user->gid = *gid;
  }
  // Effective capabilities would outlive a change of user, and be registered with it.
  if ((::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & SECBIT_NO_SETUID_FIXUP) != 0) {
    return std::unexpected("cannot give root up: the securebit no_setuid_fixup is set");
  }
  return *user;
}

std::string fence_in() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return "PR_SET_NO_NEW_PRIVS is not to be had";
  confine();
  return "";
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
  const auto changed_gid = set_group_ids(user.gid, user.gid, user.gid);
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
