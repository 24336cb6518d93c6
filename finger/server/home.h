#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "finger/server/accounts/accounts.h"
#include "finger/server/protocol/error.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/wait/deadline.h"

namespace finger {

class OpenPlan;
using SharedPlan = std::shared_ptr<OpenPlan>;

class Home;

/// Holds a home's mutex: operations in the home may begin. Releases it when it ends.
class HomeLock {
 public:
  HomeLock(HomeLock&& other) noexcept : home_(std::exchange(other.home_, nullptr)) {}
  HomeLock& operator=(HomeLock&&) = delete;
  ~HomeLock();

 private:
  friend class Home;
  explicit HomeLock(Home& home) : home_(&home) {}

  Home* home_;
};

/// A user's home while clients ask for the plan in it. It is a mutex, for one operation at a time
/// however many ask; what its holder has loaded, it shares with those that wait.
///
/// A file system that waits for another machine or process (NFS, FUSE) may never answer, and then
/// each operation on it keeps one of the kernel's threads: its deadline frees the client, and not
/// the thread.
class Home {
 public:
  explicit Home(uring::Loop& loop) : unlocked_(loop) {}

  /// Waits until no other conversation holds it. Error: timed_out.
  uring::Task<Result<HomeLock>> lock(uring::Deadline& deadline);

  /// What `load` finds, called under the lock. Those that had to wait share what one of them has
  /// loaded since they asked: no client gets a plan that is older than its question.
  /// Errors: timed_out; of `load`.
  uring::Task<Result<SharedPlan>> load_or_share(
      uring::Deadline& deadline, std::function<uring::Task<Result<SharedPlan>>()> load);

 private:
  friend class HomeLock;

  struct Loaded {
    std::uint64_t number;  ///< Of the load.
    Result<SharedPlan> plan;
  };

  void unlock();

  bool is_locked_ = false;
  uring::Condition unlocked_;
  std::uint64_t loads_begun_ = 0;
  std::optional<Loaded> last_;  ///< While a conversation waits that may share it.
};

inline HomeLock::~HomeLock() {
  if (home_ != nullptr) home_->unlock();
}

/// The homes of one ring's conversations.
class Homes {
 public:
  explicit Homes(uring::Loop& loop) : loop_(loop) {}

  /// The same for all conversations that hold it at the same time. The account is one of a roster
  /// that the caller holds.
  std::shared_ptr<Home> of(const Account& account);

 private:
  uring::Loop& loop_;
  std::unordered_map<const Account*, std::weak_ptr<Home>> homes_;
};

}  // namespace finger
