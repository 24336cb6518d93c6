#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace common {

class ConnectionLimit;

/// Permission for one connection, from a ConnectionLimit. The destructor releases the permit, so
/// the connection, above all its descriptor, has to end first.
class Permit {
 public:
  Permit() = default;
  Permit(Permit&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)) {}
  Permit& operator=(Permit other) noexcept {
    std::swap(limit_, other.limit_);
    return *this;
  }
  ~Permit();

 private:
  friend class ConnectionLimit;
  explicit Permit(ConnectionLimit& limit) : limit_(&limit) {}

  ConnectionLimit* limit_ = nullptr;
};

/// --max-connections for all event loops of the process, as a counting semaphore on which no loop
/// sleeps. A loop that gets no permit stops accepting, and we write to its eventfd(2) when a permit
/// is given back.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(std::size_t connections_max) : free_(connections_max) {}

  /// A permit, which must not outlive the limit, for one more connection. nullopt if there is none;
  /// `wake_fd` becomes readable as soon as there is.
  std::optional<Permit> try_acquire(int wake_fd);

  /// Makes `wake_fd` readable when the next permit is given back, and a descriptor with it.
  void add_waiter(int wake_fd);

  /// Stops waking this loop, whose eventfd is about to be closed.
  void remove_waiter(int wake_fd);

 private:
  friend class Permit;
  void add_waiting(int wake_fd);
  void release();

  std::mutex mutex_;
  std::size_t free_;
  std::vector<int> waiting_;
};

}  // namespace common
