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

/// A user's home while clients ask for the plan in it: one operation at a time, however many ask.
///
/// A file system that waits for another machine or process (NFS, FUSE) may never answer, and then
/// each operation on it keeps one of the kernel's threads: its deadline frees the client, and not
/// the thread.
class Home {
 public:
  explicit Home(uring::Loop& loop) : left_(loop) {}

  /// Whoever has it may begin an operation in the home.
  class Turn {
   public:
    explicit Turn(Home& home) : home_(&home) { home.is_busy_ = true; }
    Turn(Turn&& other) noexcept : home_(std::exchange(other.home_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (home_ != nullptr) home_->leave();
    }

   private:
    Home* home_;
  };

  /// Waits until nobody else is at it. Error: timed_out.
  uring::Task<Result<Turn>> enter(uring::Deadline& deadline);

  /// What `load` finds. Those who had to wait share what one of them has loaded since they asked:
  /// nobody gets a plan that is older than the question. Errors: timed_out; of `load`.
  uring::Task<Result<SharedPlan>> load_or_share(
      uring::Deadline& deadline, std::function<uring::Task<Result<SharedPlan>>()> load);

 private:
  struct Loaded {
    std::uint64_t number;  ///< Of the load.
    Result<SharedPlan> plan;
  };

  void leave();
  void pass_on();

  bool is_busy_ = false;
  uring::Condition left_;
  std::uint64_t loads_begun_ = 0;
  std::optional<Loaded> last_;  ///< As long as somebody waits who may share it.
};

/// The homes of one ring's conversations.
class Homes {
 public:
  explicit Homes(uring::Loop& loop) : loop_(loop) {}

  /// The same for all who hold one of it. The account is one of a roster that the caller holds.
  std::shared_ptr<Home> of(const Account& account);

 private:
  uring::Loop& loop_;
  std::unordered_map<const Account*, std::weak_ptr<Home>> homes_;
};

}  // namespace finger
