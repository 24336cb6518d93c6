#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "common/loop/eventfd.h"

namespace common {

/// --max-connections, for all event loops of the process: a counting semaphore on which no loop
/// sleeps. A loop that cannot acquire it stops accepting, and its eventfd(2) is written to when a
/// connection is released.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(std::size_t connections_max) : free_(connections_max) {}

  /// Takes one of the free connections. False: there is none, and `wake_fd` becomes readable as
  /// soon as there is.
  bool try_acquire(int wake_fd);

  void release();

  /// Stops waking this loop: its eventfd is about to be closed.
  void remove_waiter(int wake_fd);

 private:
  std::mutex mutex_;
  std::size_t free_;
  std::vector<int> waiting_;
};

}  // namespace common
