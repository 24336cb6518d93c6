#include "finger/server/home.h"

#include <system_error>

namespace finger {

uring::Task<Result<Home::Turn>> Home::enter(uring::Deadline& deadline) {
  while (is_busy_) {
    const auto told = co_await left_.wait().until(deadline);
    if (!told) co_return std::unexpected(told.error());
  }
  co_return Turn(*this);
}

uring::Task<Result<SharedPlan>> Home::load_or_share(
    uring::Deadline& deadline, std::function<uring::Task<Result<SharedPlan>>()> load) {
  const std::uint64_t begun_before = loads_begun_;
  while (is_busy_) {
    const auto told = co_await left_.wait().until(deadline);
    if (!told) co_return std::unexpected(told.error());
    if (last_ && last_->number > begun_before) {
      auto plan = last_->plan;
      pass_on();
      co_return plan;
    }
  }
  const Turn turn(*this);
  const std::uint64_t number = ++loads_begun_;
  auto plan = co_await load();
  // An errno is about the plan. A timeout is one client's own: the next tries again.
  if (plan || plan.error().category() == std::system_category()) last_ = Loaded{number, plan};
  co_return plan;
}

void Home::leave() {
  is_busy_ = false;
  pass_on();
}

/// Wakes the next, who may do something or share what was loaded.
void Home::pass_on() {
  if (left_.has_waiters()) {
    left_.notify_one();
  } else {
    last_.reset();
  }
}

std::shared_ptr<Home> Homes::of(const Account& account) {
  std::weak_ptr<Home>& known = homes_[&account];
  if (auto home = known.lock()) return home;
  const auto forget = [this, key = &account](Home* home) {
    delete home;
    homes_.erase(key);
  };
  std::shared_ptr<Home> home(new Home(loop_), forget);
  known = home;
  return home;
}

}  // namespace finger
