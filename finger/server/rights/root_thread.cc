#include "finger/server/rights/root_thread.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cassert>
#include <exception>
#include <system_error>
#include <utility>

#include "common/server/log.h"
#include "common/server/process.h"

namespace finger {
namespace {

/// Registers a user's credentials, without supplementary groups if the thread has none, and is root
/// again. The user's are the effective ids: files are opened with those. credentials(7)
///
/// The real ids are those of `daemon`, its account. They are what a Unix socket tells its other end
/// about a sender (unix(7), SCM_CREDENTIALS), so with a 0 there whatever is sent with the number
/// would come from root. Real ids that changed with each user would cost several times as much, as
/// the kernel counts what each real user has.
///
/// The saved uid is 0, as the way back, also in what is registered. It gives no right there: while
/// the effective uid is not 0 the effective capabilities are empty (capabilities(7)), and to claim
/// it takes a message of its own, for which our rings do no operation. It takes a right away: FUSE
/// lets no process but the owner's into what is mounted for the owner alone, and wants all ids to
/// be that. Errors: of setresuid(2); EBUSY, the ring is full.
Result<std::uint16_t> register_user(uring::Ring& ring, const User& daemon, const User& user) {
  const auto changed_gid = set_group_ids(daemon.gid, user.gid, daemon.gid);
  if (!changed_gid) return std::unexpected(changed_gid.error());
  const auto changed_uid = set_user_ids(daemon.uid, user.uid, 0);
  if (!changed_uid) return std::unexpected(changed_uid.error());
  assert(has_no_effective_capability());
  const auto number = ring.register_credentials();
  const auto root_again = set_user_ids(daemon.uid, 0, 0);
  if (!root_again) std::terminate();  // never: its saved uid is 0
  return number;
}

}  // namespace

std::expected<std::unique_ptr<RootThread>, std::string> RootThread::start(const std::string& name) {
  const auto user = user_to_become(name);
  if (!user) return std::unexpected(user.error());
  std::string complaint = fence_in();
  if (!complaint.empty()) return std::unexpected(std::move(complaint));
  std::unique_ptr<RootThread> root;
  try {
    root.reset(new RootThread());
  } catch (const std::system_error& error) {  // EAGAIN: more threads than the system allows
    return std::unexpected(common::explain_no_thread(error.code()));
  }
  complaint = become(*user);
  if (!complaint.empty()) return std::unexpected(std::move(complaint));
  return root;
}

RootThread::RootThread() : thread_(&RootThread::work, this) {}

RootThread::~RootThread() {
  const Job none;
  job_ = &none;
  job_.notify_all();
  thread_.join();
  forbid_tracing();
}

void RootThread::put_up(HomeFence fence) {
  // Credentials are registered there, and with them what restricts that thread.
  run_as_root([&fence] { fence.put_up(); });
  fence.put_up();
}

Result<std::vector<std::uint16_t>> RootThread::prepare(uring::Loop& loop,
                                                       const Accounts& accounts) {
  const User daemon{.uid = ::geteuid(), .gid = ::getegid()};
  // A placeholder owns nothing. `nobody` or `fingerd` may own files: other programs run as them.
  const auto uid = uids_.unused(daemon.uid, accounts, &Account::uid);
  const auto gid = gids_.unused(daemon.gid, accounts, &Account::gid);
  if (!uid || !gid) return failure(Error::no_placeholder);
  Result<std::vector<std::uint16_t>> numbers;
  const User placeholder{.uid = *uid, .gid = *gid};
  run_as_root([&] { numbers = register_owners(loop.ring(), accounts, daemon, placeholder); });
  if (!numbers) return numbers;
  const auto restricted = restrict_ring(loop.ring());
  if (!restricted) return std::unexpected(restricted.error());
  return numbers;
}

/// Until there is a job that is none.
void RootThread::work() {
  while (true) {
    job_.wait(nullptr);
    const Job& job = *job_;
    if (!job) return;
    job();
    job_ = nullptr;
    job_.notify_all();
  }
}

/// Runs the job in the thread that is root, and waits for it. Several threads may call it at a
/// time.
void RootThread::run_as_root(const Job& job) {
  const std::scoped_lock lock(one_job_at_a_time_);
  job_ = &job;
  job_.notify_all();
  job_.wait(&job);
}

Result<std::vector<std::uint16_t>> RootThread::register_owners(uring::Ring& ring,
                                                               const Accounts& accounts,
                                                               const User& daemon,
                                                               const User& placeholder) {
  const auto left = leave_all_groups();
  if (!left) return std::unexpected(left.error());
  const auto placeholder_number = register_user(ring, daemon, placeholder);
  if (!placeholder_number) return std::unexpected(placeholder_number.error());
  std::vector<std::uint16_t> numbers;
  numbers.reserve(accounts.all().size());
  bool full = false;
  for (const Account& account : accounts.all()) {
    numbers.push_back(*placeholder_number);
    if (!can_be_owner(account)) {
      complain(fmt::format("{} has uid {} and gid {}: the plan is opened with a stranger's rights",
                           account.login, account.uid, account.gid));
      continue;
    }
    if (full) continue;
    const auto number = register_user(ring, daemon, {.uid = account.uid, .gid = account.gid});
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

/// Whether the account's owner is a user that this thread can and should become.
bool RootThread::can_be_owner(const Account& account) const {
  return account.uid != 0 && uids_.has(account.uid) && gids_.has(account.gid);
}

void RootThread::complain(const std::string& line) {
  if (complaints_.insert(line).second) common::log(line, common::Severity::warning);
}

}  // namespace finger
