#include "common/loop/connection_limit.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace common {

bool ConnectionLimit::try_acquire(int wake_fd) {
  const std::scoped_lock lock(mutex_);
  if (free_ > 0) {
    --free_;
    return true;
  }
  // Under the lock, so that no place given back slips between the look and the wait.
  if (std::ranges::find(waiting_, wake_fd) == waiting_.end()) waiting_.push_back(wake_fd);
  return false;
}

void ConnectionLimit::release() {
  const std::scoped_lock lock(mutex_);
  ++free_;
  // All of them: the newcomer may wait in any listener's backlog.
  for (const int wake_fd : waiting_) wake(wake_fd);
  waiting_.clear();
}

void ConnectionLimit::remove_waiter(int wake_fd) {
  const std::scoped_lock lock(mutex_);
  std::erase(waiting_, wake_fd);
}

void wake(int wake_fd) {
  const std::uint64_t one = 1;
  // It fails only when 2^64 - 2 wake-ups are pending (EAGAIN), and then one more is not missed.
  // eventfd(2)
  (void)!::write(wake_fd, &one, sizeof one);
}

}  // namespace common
