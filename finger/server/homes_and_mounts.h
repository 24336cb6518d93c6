#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/fd.h"
#include "common/server/duration.h"
#include "finger/accounts/accounts.h"
#include "finger/protocol/error.h"
#include "finger/server/busy_homes.h"
#include "finger/service/counters.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/wait/deadline.h"

namespace finger {

/// Says which file system a path is on, as far as that can be told without asking the file system,
/// which may not answer: by the kernel's list of what is mounted. proc(5), mountinfo
///
/// Links are not seen: what one leads to counts as being where the link is.
class Mounts {
 public:
  /// Opens the list, which stays open: later it may not be permitted. Without /proc all is one file
  /// system.
  Mounts();

  /// For an absolute path. 0: not known. What is mounted now may be seen a second later. Any thread
  /// may call it.
  dev_t device_of(std::string path, common::Clock::time_point now);

 private:
  void read();

  const common::Fd list_;
  std::mutex mutex_;
  common::Clock::time_point asked_at_;    ///< Whether the list has changed.
  std::map<std::string, dev_t> devices_;  ///< By mount point.
};

class OpenPlan;
using SharedPlan = std::shared_ptr<OpenPlan>;

/// A file system with homes. It must not answer for the others: what waits in it keeps threads of
/// the kernel's, of which a ring has a limited number.
class FileSystem {
 public:
  /// So many operations may be in flight in one. A ring's threads are for eight times as many.
  static constexpr unsigned operations_max = 32;

  explicit FileSystem(uring::Loop& loop) : freed_(loop) {}

  /// For one operation; given back when it ends.
  struct Leave {
    void operator()(FileSystem* left) const;
  };
  using Permit = std::unique_ptr<FileSystem, Leave>;

  /// Waits until there are fewer. Error: timed_out.
  uring::Task<Result<Permit>> enter(uring::Deadline& deadline);

 private:
  unsigned operations_ = 0;
  uring::Condition freed_;
};

class Home;
class Homes;

/// Holds a home's mutex: operations in the home may begin. Releases it when it ends, last of all.
class HomeLock {
 private:
  friend class Home;
  struct Release {
    void operator()(Home* home) const;
  };
  explicit HomeLock(Home& home) : home_(&home) {}

  std::unique_ptr<Home, Release> home_;
  FileSystem::Permit permit_;
  BusyHomes::Mark mark_;
};

/// A user's home while clients ask for the plan in it. It is a mutex, for one operation at a time
/// however many ask, and whatever roster they have it from; what its holder has loaded, it shares
/// with those that wait.
///
/// A file system that waits for another machine or process (NFS, FUSE) may never answer, and then
/// each operation on it keeps one of the kernel's threads: its deadline frees the client, and not
/// the thread.
class Home {
 public:
  Home(Homes& homes, std::string login, std::shared_ptr<FileSystem> file_system);

  /// Waits until no other conversation holds it, nor another process is at work in it. Error:
  /// timed_out.
  uring::Task<Result<HomeLock>> lock(uring::Deadline& deadline);

  /// What `load` finds, called under the lock. Those that had to wait share what one of them has
  /// loaded since they asked: no client gets a plan that is older than its question.
  /// Errors: timed_out; of `load`.
  uring::Task<Result<SharedPlan>> load_or_share(
      uring::Deadline& deadline, std::function<uring::Task<Result<SharedPlan>>()> load);

 private:
  friend HomeLock::Release;

  struct Loaded {
    std::uint64_t number;  ///< Of the load.
    Result<SharedPlan> plan;
  };

  uring::Task<Result<BusyHomes::Mark>> mark_busy(uring::Deadline& deadline);

  Homes& homes_;
  const std::string login_;
  const std::shared_ptr<FileSystem> file_system_;
  bool is_locked_ = false;
  uring::Condition unlocked_;
  std::uint64_t loads_begun_ = 0;
  std::optional<Loaded> last_;  ///< While a conversation waits that may share it.
};

/// The homes of one ring's conversations.
class Homes {
 public:
  /// With `busy`, of other processes and rings, too; with `mounts` by the file systems that they
  /// are on. Both outlive it.
  explicit Homes(uring::Loop& loop, BusyHomes* busy = nullptr, Mounts* mounts = nullptr)
      : loop_(loop), busy_(busy), mounts_(mounts), used_(loop) {}

  /// The same for all conversations that hold it at the same time.
  std::shared_ptr<Home> of(const Account& account);

  /// Says in the log which do not answer, once a minute, and when they do again; `silent` has the
  /// number. Until `retiring` is set: then another does.
  uring::Task<Status> watch(Counter& silent, const std::atomic<bool>& retiring);

 private:
  friend class Home;
  std::shared_ptr<FileSystem> file_system_of(const Account& account);

  uring::Loop& loop_;
  BusyHomes* const busy_;
  Mounts* const mounts_;
  const pid_t process_ = ::getpid();
  uring::Condition used_;  ///< A home has been locked.
  std::unordered_map<dev_t, std::weak_ptr<FileSystem>> file_systems_;
  std::unordered_map<std::string, std::weak_ptr<Home>> homes_;
};

}  // namespace finger
