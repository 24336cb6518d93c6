#include "finger/server/home.h"

#include <system_error>

namespace finger {

uring::Task<Result<HomeLock>> Home::lock(uring::Deadline& deadline) {
  while (is_locked_) {
    const auto waited = co_await unlocked_.wait().until(deadline);
    if (!waited) co_return std::unexpected(waited.error());
  }
  is_locked_ = true;
  co_return HomeLock(*this);
}

uring::Task<Result<SharedPlan>> Home::load_or_share(
    uring::Deadline& deadline, std::function<uring::Task<Result<SharedPlan>>()> load) {
  const std::uint64_t begun_before = loads_begun_;
  const auto lock = co_await this->lock(deadline);
  if (!lock) co_return std::unexpected(lock.error());
  if (last_ && last_->number > begun_before) co_return last_->plan;
  const std::uint64_t number = ++loads_begun_;
  auto plan = co_await load();
  // An errno is about the plan. A timeout is one client's own: the next tries again.
  const bool is_about_plan = plan || plan.error().category() == std::system_category() ||
                             plan.error() == Error::not_regular;
  if (is_about_plan) last_ = Loaded{number, plan};
  co_return plan;
}

/// The next may do something, or share what was loaded, which is forgotten where none waits.
void Home::unlock() {
  is_locked_ = false;
  if (unlocked_.has_waiters()) {
    unlocked_.notify_one();
  } else {
    last_.reset();
  }
}

std::shared_ptr<Home> Homes::of(const Account& account) {
  std::weak_ptr<Home>& known = homes_[&account];
  if (auto home = known.lock()) return home;
  // The last that lets go of it removes the entry: a reload makes other accounts, perhaps at the
  // same addresses, and the map would grow with each. A count in the entry would do the same, but
  // every conversation would have to give it back.
  const auto forget = [this, key = &account](Home* home) {
    delete home;
    homes_.erase(key);
  };
  std::shared_ptr<Home> home(new Home(loop_), forget);
  known = home;
  return home;
}

}  // namespace finger
