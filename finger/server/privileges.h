#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "finger/server/accounts.h"
#include "finger/server/error.h"
#include "finger/server/id_map.h"
#include "uring/loop.h"

namespace finger {

/// Makes the process the system account `fingerd`, or `nobody` where that does not exist, for good:
/// without supplementary groups and capabilities, unable to gain any (PR_SET_NO_NEW_PRIVS) or to
/// write to a file that it has not open (landlock). Only in a process with one thread, which is
/// root. Returns nothing, or a line that says what fails; the process must end then.
std::string give_root_up();

/// The same in two steps. In between, one thread has it still. All it does is to register users'
/// credentials with rings: it sees no file and no client.
///
///     auto root = RootThread::start();  // this thread, and those it starts, are unprivileged
///     …                                 // reads who opted in, makes each ring, disabled, and then
///     const auto numbers = (*root)->prepare(*loop, accounts);
///     root->reset();                    // nobody is root any more
///
/// So accounts are looked up and rings made without root. It matters with --sqpoll, too: the kernel
/// thread that submits has for ever the rights of who made its ring.
class RootThread {
 public:
  /// Afterwards the calling thread is what give_root_up() would make it. Only in a process with one
  /// thread, which is root. Error: a line that says what fails; the process must end then.
  static std::expected<std::unique_ptr<RootThread>, std::string> start();

  RootThread(const RootThread&) = delete;
  RootThread& operator=(const RootThread&) = delete;

  /// Ends the thread, and with it root. From then on nobody may trace or dump the process.
  ~RootThread();

  /// Makes ready a ring that was set up disabled, in the thread that will use it: registers the
  /// credentials of each account's owner, and enables it for what serving plans takes and nothing
  /// else: no seccomp filter sees what a ring does. Yields the numbers for Await::as(), in the
  /// order of the accounts; none is 0, which would be our own rights. Errors: no_stranger; of
  /// io_uring_register(2).
  ///
  /// Credentials are a uid and the primary gid, without supplementary groups: a plan is the owner's
  /// own file in the owner's own home and needs none, but `docker` or `disk` would lead whoever
  /// breaks into this process much further. For the same reason a plan whose owner has uid 0 is
  /// opened with a stranger's rights, who may read what everybody may. So is one whose owner's ids
  /// this user namespace lacks, and those beyond the 65,534 that a ring has numbers for. One line
  /// says so.
  Result<std::vector<std::uint16_t>> prepare(uring::Loop& loop, const Accounts& accounts);

 private:
  RootThread();
  bool can_be_owner(const Account& account) const;
  void work();
  void have_done(const std::function<void()>& job);
  /// The ids are a stranger's.
  Result<std::vector<std::uint16_t>> register_owners(uring::Ring& ring, const Accounts& accounts,
                                                     uid_t uid, gid_t gid);
  void complain(const std::string& line);

  const IdMap uids_ = IdMap::read("/proc/self/uid_map");
  const IdMap gids_ = IdMap::read("/proc/self/gid_map");
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void()>* job_ = nullptr;  ///< None, or it is done.
  bool ending_ = false;
  std::set<std::string> complaints_;  ///< Each is a line once, though every ring has cause for it.
  std::thread thread_;                ///< The last: it uses the others.
};

}  // namespace finger
