#include "finger/server/rights/credentials.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

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

}  // namespace finger
