#include "common/loop/connection_limit.h"

#include <sys/eventfd.h>

#include <algorithm>

namespace common {

Permit::~Permit() {
  if (limit_ != nullptr) limit_->release();
}

std::optional<Permit> ConnectionLimit::try_acquire(int wake_fd) {
  const std::scoped_lock lock(mutex_);
  if (free_ > 0) {
    --free_;
    return Permit(*this);
  }
  // Under the lock, so that no release slips in before we wait.
  add_waiting(wake_fd);
  return std::nullopt;
}

void ConnectionLimit::add_waiter(int wake_fd) {
  const std::scoped_lock lock(mutex_);
  add_waiting(wake_fd);
}

void ConnectionLimit::add_waiting(int wake_fd) {
  if (std::ranges::find(waiting_, wake_fd) == waiting_.end()) waiting_.push_back(wake_fd);
}

void ConnectionLimit::release() {
  const std::scoped_lock lock(mutex_);
  ++free_;
  // We wake all loops, because the next connection may be in the backlog of any listener. A write
  // fails only if 2^64 - 2 wake-ups are unread.
  for (const int wake_fd : waiting_) (void)::eventfd_write(wake_fd, 1);
  waiting_.clear();
}

void ConnectionLimit::remove_waiter(int wake_fd) {
  const std::scoped_lock lock(mutex_);
  std::erase(waiting_, wake_fd);
}

}  // namespace common
