#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "finger/server/rights/id_map.h"
#include "finger/server/rights/landlock.h"
#include "finger/server/rights/privileges.h"
#include "uring/loop.h"

namespace finger {

/// give_rights_up() in two steps. In between, one thread still has root. All that it does is to
/// register users' credentials with rings: it reads no file and knows no client.
///
///     auto root = RootThread::start(name);  // this thread, and those it starts, are unprivileged
///     …                                     // loads the roster, and has a Scout look for homes
///     (*root)->put_up(std::move(fence));
///     …                                     // makes each ring, disabled, and then
///     const auto numbers = (*root)->prepare(*loop, accounts);
///     root->reset();                        // no thread is root any more
///
/// So accounts are looked up and rings made without root. That matters with a ring that the
/// kernel submits for, too: its thread keeps for ever the rights of the thread that made its ring.
class RootThread {
 public:
  /// Afterwards the calling thread is what give_rights_up() would make it. Only in a process with
  /// one thread, which is root. Error: a line that says what fails; the process must end then.
  static std::expected<std::unique_ptr<RootThread>, std::string> start(const std::string& name);

  RootThread(const RootThread&) = delete;
  RootThread& operator=(const RootThread&) = delete;

  /// Ends the thread, and with it root. From then on no other process may trace or dump this one.
  ~RootThread();

  /// For the calling thread, those that it starts, and what is done with the credentials that are
  /// registered from now on.
  void put_up(HomeFence fence);

  /// Makes ready a ring that was set up disabled, in the thread that will use it: registers the
  /// credentials of each account's owner, then restrict_ring(). Yields the numbers for Await::as(),
  /// in the order of the accounts; none is 0, which would be our own rights.
  /// Errors: no_placeholder; of io_uring_register(2).
  ///
  /// Credentials are a uid and the primary gid, without supplementary groups: a plan is the owner's
  /// own file in the owner's own home and needs none, but `docker` or `disk` would take an attacker
  /// who breaks into this process much further. They open files as the owner; what they send comes
  /// from our own account. For the same reason a plan whose owner has uid 0 is
  /// opened with the rights of a placeholder, a user that no account is, and served if everybody
  /// may read it. So is one whose owner's ids this user namespace lacks, and those beyond the
  /// 65,534 that a ring has numbers for. A line says so.
  Result<std::vector<std::uint16_t>> prepare(uring::Loop& loop, const Accounts& accounts);

 private:
  using Job = std::function<void()>;

  RootThread();
  void work();
  void run_as_root(const Job& job);
  Result<std::vector<std::uint16_t>> register_owners(uring::Ring& ring, const Accounts& accounts,
                                                     const User& daemon, const User& placeholder);
  bool can_be_owner(const Account& account) const;
  void complain(const std::string& line);

  const IdMap uids_ = IdMap::read("/proc/self/uid_map");
  const IdMap gids_ = IdMap::read("/proc/self/gid_map");
  std::mutex one_job_at_a_time_;
  std::atomic<const Job*> job_ = nullptr;  ///< nullptr: there is none, or it is done.
  std::set<std::string> complaints_;  ///< Each is logged once, though every ring has cause for it.
  std::thread thread_;                ///< The last member: it uses the others.
};

}  // namespace finger
