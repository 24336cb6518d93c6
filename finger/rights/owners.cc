#include "finger/rights/owners.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <optional>
#include <span>
#include <string_view>

#include "common/escape.h"
#include "common/server/log.h"
#include "finger/no_descriptor.h"

namespace finger {
namespace {

using common::Result;
using common::Status;
using Capabilities = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

std::unexpected<std::string> cannot_give_up(std::string_view call) {
  return std::unexpected(
      fmt::format("cannot give up root: {}: {}", call, common::last_error().error().message()));
}

/// nullopt, and an errno of getpwnam(3), if there is no such account; errno is 0 if its user or
/// group is root.
std::optional<User> unprivileged_user(const std::string& name) {
  errno = 0;
  const passwd* const entry = ::getpwnam(name.c_str());
  if (entry == nullptr) return std::nullopt;
  errno = 0;  // whatever was tried before the entry was found
  if (entry->pw_uid == 0 || entry->pw_gid == 0) return std::nullopt;
  return User{.uid = entry->pw_uid, .gid = entry->pw_gid};
}

/// `call` is SYS_capget or SYS_capset.
bool get_or_set(long call, Capabilities& capabilities) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  return ::syscall(call, &header, capabilities.data()) == 0;
}

/// Tries to regain root, and checks that nothing of it is left.
bool is_root_gone(const User& user) {
  if (::setresuid(0, 0, 0) == 0 || ::setresgid(0, 0, 0) == 0) return false;
  std::array<uid_t, 3> uids{};
  std::array<gid_t, 3> gids{};
  Capabilities left{};
  return ::getresuid(&uids[0], &uids[1], &uids[2]) == 0 &&
         ::getresgid(&gids[0], &gids[1], &gids[2]) == 0 &&
         std::ranges::count(uids, user.uid) == 3 && std::ranges::count(gids, user.gid) == 3 &&
         ::getgroups(0, nullptr) == 0 && get_or_set(SYS_capget, left) &&
         std::ranges::all_of(left, [](const auto& each) {
           return (each.effective | each.permitted | each.inheritable) == 0;
         });
}

/// Registers the owner's ids as the effective ones and the daemon's as the real ones. The saved uid
/// is 0, as the way back. That grants nothing, because capabilities are in effect only while the
/// effective uid is 0.
Result<std::uint16_t> register_owner(uring::Ring& ring, const User& daemon,
                                     const Account& account) {
  if (::setresgid(daemon.gid, account.gid, daemon.gid) < 0) return common::last_error();
  if (::setresuid(daemon.uid, account.uid, 0) < 0) return common::last_error();
  const auto number = ring.register_credentials();
  if (::setresuid(daemon.uid, 0, 0) < 0) std::terminate();  // never: its saved uid is 0
  return number;
}

/// An id of -1 would keep the effective one, which is root's. setresuid(2)
bool may_be_opened_as(const Account& account) {
  constexpr auto no_uid = static_cast<uid_t>(-1);
  constexpr auto no_gid = static_cast<gid_t>(-1);
  return account.uid != 0 && account.gid != 0 && account.uid != no_uid && account.gid != no_gid;
}

}  // namespace

std::expected<User, std::string> user_to_become(const std::string& name) {
  auto user = unprivileged_user(name.empty() ? "fingerd" : name);
  if (!user && name.empty()) user = unprivileged_user("nobody");
  if (!user && errno == EMFILE) {
    return std::unexpected(
        explain_no_descriptor(common::last_error().error(), "to read the accounts"));
  }
  if (!user && !says_not_found(errno)) {
    return std::unexpected("cannot read the accounts: " + common::last_error().error().message());
  }
  if (!user && name.empty()) {
    return std::unexpected(
        "there is no account called nobody to run as: add a system user fingerd");
  }
  if (!user) {
    return std::unexpected(fmt::format(
        "there is no account called {} to run as, or it is root's: name another by --user", name));
  }
  // Effective capabilities would outlive a change of user, and be registered, too.
  const int securebits = ::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
  if (securebits < 0) return cannot_give_up("prctl");
  if ((securebits & SECBIT_NO_SETUID_FIXUP) != 0) {
    return std::unexpected("cannot give up root: the securebit no_setuid_fixup is set");
  }
  return *user;
}

std::expected<void, std::string> register_owners(uring::Ring& ring, Accounts& accounts,
                                                 const User& daemon) {
  const auto failed = [](std::error_code error) {
    return std::unexpected(fmt::format("cannot register a plan's owner: {}", error.message()));
  };
  if (::setgroups(0, nullptr) < 0) return failed(common::last_error().error());
  for (Account& account : accounts.all()) account.owner = std::nullopt;
  for (Account& account : accounts.all()) {
    const auto number = may_be_opened_as(account)
                            ? register_owner(ring, daemon, account)
                            : std::unexpected(make_error_code(std::errc::invalid_argument));
    if (number) {
      account.owner = *number;
      continue;
    }
    const auto login = common::escape(std::as_bytes(std::span(account.login)));
    if (number.error() == std::errc::invalid_argument) {  // no such id in this namespace
      common::log(fmt::format("{} has uid {} and gid {}: there is no account to open the plan as",
                              login, account.uid, account.gid),
                  common::Severity::warning);
    } else if (number.error() == std::errc::device_or_resource_busy) {
      common::log(
          fmt::format("a ring has numbers for 65,535 owners: no plan is served from {} on", login),
          common::Severity::warning);
      break;
    } else {
      return failed(number.error());
    }
  }
  return {};
}

Status restrict_ring(uring::Ring& ring) {
  constexpr int operations[] = {IORING_OP_POLL_ADD, IORING_OP_TIMEOUT, IORING_OP_OPENAT2,
                                IORING_OP_READ,     IORING_OP_RECV,    IORING_OP_SEND,
                                IORING_OP_CLOSE};
  const auto permitted = ring.permit_only(operations);
  return permitted ? ring.enable() : permitted;
}

std::expected<void, std::string> become(const User& user) {
  // The groups first, because only uid 0 can leave them.
  if (::setgroups(0, nullptr) < 0) return cannot_give_up("setgroups");
  if (::setresgid(user.gid, user.gid, user.gid) < 0) return cannot_give_up("setresgid");
  if (::setresuid(user.uid, user.uid, user.uid) < 0) return cannot_give_up("setresuid");
  // All rights went with uid 0, unless a securebit that we inherited keeps them.
  Capabilities none{};
  if (!get_or_set(SYS_capset, none)) return cannot_give_up("capset");
  forbid_tracing();
  if (is_root_gone(user)) return {};
  return std::unexpected("cannot give up root: it could be regained");
}

void forbid_tracing() {
#if defined(__SANITIZE_ADDRESS__)
  constexpr int may_be_traced = 1;  // so that leaks can be found; a new uid forbids it
#else
  constexpr int may_be_traced = 0;
#endif
  (void)::prctl(PR_SET_DUMPABLE, may_be_traced, 0, 0, 0);  // fails only for a wrong argument
}

void be_killed_first() {
  // While a process may not be traced, root owns its files in /proc.
  (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  const common::Fd score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view before_all_others = "1000";
  if (::write(score.get(), before_all_others.data(), before_all_others.size()) < 0) {
    common::log("no oom_score_adj: where memory runs out, the kernel may end the parent instead",
                common::Severity::warning);
  }
  forbid_tracing();
}

}  // namespace finger
