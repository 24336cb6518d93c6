#include "finger/server/privileges.h"

#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <exception>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "common/fd.h"
#include "common/server/log.h"

namespace finger {
namespace {

struct User {
  uid_t uid;
  gid_t gid;
};

/// What serving plans takes.
constexpr int operations[] = {IORING_OP_POLL_ADD, IORING_OP_TIMEOUT, IORING_OP_OPENAT2,
                              IORING_OP_READ,     IORING_OP_WRITE,   IORING_OP_RECV,
                              IORING_OP_SEND,     IORING_OP_CLOSE};

Status status_of(long result) {
  if (result < 0) return common::last_error();
  return {};
}

// The C library's functions of these names change every thread of the process, as POSIX wants it.
// The kernel knows credentials of a thread only, and here one thread differs from the others.

Status set_user_ids(uid_t real, uid_t effective, uid_t saved) {
  return status_of(::syscall(SYS_setresuid, real, effective, saved));
}

Status set_group_ids(gid_t gid) { return status_of(::syscall(SYS_setresgid, gid, gid, gid)); }

Status leave_all_groups() { return status_of(::syscall(SYS_setgroups, 0, nullptr)); }

using Capability = __user_cap_data_struct;
using Capabilities = std::array<Capability, _LINUX_CAPABILITY_U32S_3>;

/// Of the calling thread; `call` is SYS_capget or SYS_capset.
Status get_or_set(long call, Capabilities& capabilities) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  return status_of(::syscall(call, &header, capabilities.data()));
}

Status drop_capabilities() {
  Capabilities none{};
  return get_or_set(SYS_capset, none);
}

bool has_no_capability(__u32 Capability::*kind) {
  Capabilities found{};
  if (!get_or_set(SYS_capget, found)) return false;
  return std::ranges::all_of(found, [kind](const Capability& each) { return each.*kind == 0; });
}

/// Whom to become. nullopt: the system has neither account, or they are root.
std::optional<User> unprivileged_user() {
  for (const char* name : {"fingerd", "nobody"}) {
    const passwd* const entry = ::getpwnam(name);  // one thread as yet
    if (entry != nullptr && entry->pw_uid != 0 && entry->pw_gid != 0) {
      return User{.uid = entry->pw_uid, .gid = entry->pw_gid};
    }
  }
  return std::nullopt;
}

/// Registers a user's credentials, without supplementary groups if the thread has none, and is root
/// again. The real and the saved uid stay 0, the saved one as the way back, also in what is
/// registered. There it is no right: files are opened with the effective ids, and while that uid is
/// not 0 the effective capabilities are empty. credentials(7), capabilities(7). With another real
/// uid each time, 65,000 users would take 10 s, as the kernel counts what a real user has. Errors:
/// of setresuid(2); EBUSY, the ring is full.
Result<std::uint16_t> register_user(uring::Ring& ring, const User& user) {
  if (const auto done = set_group_ids(user.gid); !done) return std::unexpected(done.error());
  if (const auto done = set_user_ids(0, user.uid, 0); !done) return std::unexpected(done.error());
  assert(has_no_capability(&Capability::effective));
  const auto number = ring.register_credentials();
  if (const auto done = set_user_ids(0, 0, 0); !done) std::terminate();  // its saved uid: never
  return number;
}

/// From now on this thread and those it starts open files for nothing but reading, whatever their
/// rights, and so does whoever uses credentials that they register: an owner's rights would else be
/// good for writing, too. Where the kernel has no landlock(7), since 5.13, there is one fence less.
void only_read_files() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return;
  // All that the first version knows: 13 rights. The second has one more, and so has the third.
  const int rights = 12 + static_cast<int>(std::min(version, 3L));
  constexpr __u64 reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  const __u64 forbidden = ((__u64{1} << rights) - 1) & ~reading;
  const common::Fd rules(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &forbidden, sizeof forbidden, 0)));
  if (rules) (void)::syscall(SYS_landlock_restrict_self, rules.get(), 0);
}

/// Makes the calling thread that user for good. Returns which step failed, or nothing.
std::string become(const User& user) {
  const auto failed = [](std::string_view what, const Status& status) {
    return fmt::format("cannot give root up: {}: {}", what, status.error().message());
  };
  int with_parent = 0;  // which signal, when the parent process ends; 0: none
  (void)::prctl(PR_GET_PDEATHSIG, &with_parent, 0, 0, 0);
  // The groups first: without uid 0 they could not be left any more.
  if (const auto done = leave_all_groups(); !done) return failed("setgroups", done);
  if (const auto done = set_group_ids(user.gid); !done) return failed("setresgid", done);
  if (const auto done = set_user_ids(user.uid, user.uid, user.uid); !done) {
    return failed("setresuid", done);
  }
  // They went with uid 0, unless whoever started us has set a securebit to keep them.
  if (const auto done = drop_capabilities(); !done) return failed("capset", done);
  // The change of user has cleared it. prctl(2)
  if (const auto done = status_of(::prctl(PR_SET_PDEATHSIG, with_parent, 0, 0, 0)); !done) {
    return failed("PR_SET_PDEATHSIG", done);
  }
  return {};
}

/// Tries to get back what was given up.
bool is_root_gone(const User& user) {
  if (set_user_ids(0, 0, 0) || set_group_ids(0)) return false;
  std::array<uid_t, 3> uids{};
  std::array<gid_t, 3> gids{};
  if (::syscall(SYS_getresuid, &uids[0], &uids[1], &uids[2]) < 0) return false;
  if (::syscall(SYS_getresgid, &gids[0], &gids[1], &gids[2]) < 0) return false;
  return std::ranges::count(uids, user.uid) == 3 && std::ranges::count(gids, user.gid) == 3 &&
         ::getgroups(0, nullptr) == 0 && has_no_capability(&Capability::effective) &&
         has_no_capability(&Capability::permitted) && has_no_capability(&Capability::inheritable);
}

/// What the thread that is to give root up does first, for itself and those that it starts. Returns
/// whom it is to become.
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

std::string become_for_good(const User& user) {
  if (std::string complaint = become(user); !complaint.empty()) return complaint;
  return is_root_gone(user) ? "" : "cannot give root up: it can be had again";
}

/// Others run as nobody, too, and could otherwise trace us. Each change of user may have undone it:
/// proc(5), suid_dumpable. Fails only for a wrong argument.
void forbid_tracing() { (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

}  // namespace

std::string give_root_up() {
  const auto user = fence_in();
  if (!user) return user.error();
  std::string complaint = become_for_good(*user);
  forbid_tracing();
  return complaint;
}

std::expected<std::unique_ptr<RootThread>, std::string> RootThread::start() {
  const auto user = fence_in();
  if (!user) return std::unexpected(user.error());
  std::unique_ptr<RootThread> root;
  try {
    root.reset(new RootThread());
  } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
    return std::unexpected("cannot start a thread: " + error.code().message());
  }
  if (std::string complaint = become_for_good(*user); !complaint.empty()) {
    return std::unexpected(std::move(complaint));
  }
  return root;
}

RootThread::RootThread() : thread_(&RootThread::work, this) {}

RootThread::~RootThread() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
  forbid_tracing();
}

void RootThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || job_ != nullptr; });
    if (ending_) return;
    (*job_)();
    job_ = nullptr;
    changed_.notify_all();
  }
}

/// As root. Several threads may want that at a time.
void RootThread::have_done(const std::function<void()>& job) {
  std::unique_lock lock(mutex_);
  bool done = false;
  const std::function<void()> noted = [&] {
    job();
    done = true;
  };
  changed_.wait(lock, [this] { return job_ == nullptr; });
  job_ = &noted;
  changed_.notify_all();
  changed_.wait(lock, [&done] { return done; });
}

/// Whether one may become the account's owner.
bool RootThread::can_be_owner(const Account& account) const {
  return account.uid != 0 && uids_.has(account.uid) && gids_.has(account.gid);
}

Result<std::vector<std::uint16_t>> RootThread::prepare(uring::Loop& loop,
                                                       const Accounts& accounts) {
  // Somebody who owns nothing: who runs as nobody, or as fingerd, may.
  const auto uid = uids_.strangers(::geteuid(), accounts, &Account::uid);
  const auto gid = gids_.strangers(::getegid(), accounts, &Account::gid);
  if (!uid || !gid) return failure(Error::no_stranger);
  Result<std::vector<std::uint16_t>> numbers;
  have_done([&] { numbers = register_owners(loop.ring(), accounts, *uid, *gid); });
  if (!numbers) return numbers;
  const auto permitted = loop.ring().permit_only(operations);
  if (!permitted) return std::unexpected(permitted.error());
  const auto enabled = loop.ring().enable();
  if (!enabled) return std::unexpected(enabled.error());
  return numbers;
}

Result<std::vector<std::uint16_t>> RootThread::register_owners(uring::Ring& ring,
                                                               const Accounts& accounts, uid_t uid,
                                                               gid_t gid) {
  if (const auto left = leave_all_groups(); !left) return std::unexpected(left.error());
  const auto strangers = register_user(ring, {.uid = uid, .gid = gid});
  if (!strangers) return std::unexpected(strangers.error());
  std::vector<std::uint16_t> numbers;
  numbers.reserve(accounts.all().size());
  bool full = false;
  for (const Account& account : accounts.all()) {
    numbers.push_back(*strangers);
    if (!can_be_owner(account)) {
      complain(fmt::format("{} has uid {} and gid {}: the plan is opened with a stranger's rights",
                           account.login, account.uid, account.gid));
      continue;
    }
    if (full) continue;
    const auto number = register_user(ring, {.uid = account.uid, .gid = account.gid});
    if (number) {
      numbers.back() = *number;
    } else if (number.error() == std::errc::device_or_resource_busy) {
      full = true;
      complain(
          "a ring has numbers for 65,534 users: further plans are opened with a stranger's "
          "rights");
    } else {
      return std::unexpected(number.error());
    }
  }
  return numbers;
}

void RootThread::complain(const std::string& line) {
  if (complaints_.insert(line).second) common::log(line);
}

}  // namespace finger
