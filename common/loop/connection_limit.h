#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

namespace common {

/// How many more connections the process may have: --max-connections, shared by all its event
/// loops. Who finds none left stops accepting and is woken through its eventfd(2) when one is given
/// back.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(std::size_t connections_max) : free_(connections_max) {}

  /// Takes a place. False: there is none, and `wake_fd` becomes readable as soon as there is.
  bool try_acquire(int wake_fd);

  void release();

  /// Never wake this one again, it is about to be closed.
  void remove_waiter(int wake_fd);

 private:
  std::mutex mutex_;
  std::size_t free_;
  std::vector<int> waiting_;
};

/// Adds one to an eventfd(2): whoever watches it wakes up.
void wake(int wake_fd);

}  // namespace common
