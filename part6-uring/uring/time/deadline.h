#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "uring/cancel/canceller.h"

namespace uring {

class Deadlines;
class LoopCore;

/// CLOCK_MONOTONIC, which never jumps.
using Clock = std::chrono::steady_clock;

/// A point in time that many operations share, one after another or side by side:
///
///     Deadline deadline(loop, Clock::now() + 10s);
///     co_await loop.recv(fd, buffer).until(deadline);
///     co_await loop.send(fd, answer).until(deadline);   // both within the same ten seconds
///
/// When a deadline passes, operations in flight end with Error::timed_out, and later ones
/// immediately, until the deadline is renewed. A deadline may be destroyed before its operations,
/// which then have no limit any more, but not after its loop. A deadline costs the kernel nothing,
/// because the loop waits no longer than the first one allows.
class Deadline : public Canceller {
 public:
  static constexpr Clock::time_point never = Clock::time_point::max();

  explicit Deadline(LoopCore& loop, Clock::time_point due = never);
  ~Deadline();

  Clock::time_point due() const { return due_; }

  /// Moves the deadline, even after it has passed. That's usually cheap, because a deadline that
  /// moves later keeps its place until the loop gets there.
  void renew(Clock::time_point due);

 private:
  friend class Deadlines;
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  Deadlines& all_;
  Clock::time_point due_;
  std::size_t place_ = nowhere;
};

/// All deadlines of a loop, the earliest first, in a binary heap. Each deadline knows its place.
class Deadlines {
 public:
  /// When to look again; nullopt if there is no deadline. May be too early after a move.
  std::optional<Clock::time_point> earliest() const;

  /// Cancels the deadlines that are due.
  void expire(Clock::time_point now);

 private:
  friend class Deadline;
  struct Entry {
    Clock::time_point at;  ///< Not later than due(), since a renewal to later keeps it.
    Deadline* deadline;
  };

  void reorder(Deadline& deadline);
  void insert(Deadline& deadline);
  void remove(Deadline& deadline);
  void set(std::size_t place, Entry entry);
  void rise(std::size_t place);
  void sink(std::size_t place);

  std::vector<Entry> heap_;
};

inline void Deadline::renew(Clock::time_point due) {
  reset();
  due_ = due;
  if (place_ == nowhere || all_.heap_[place_].at > due) all_.reorder(*this);
}

}  // namespace uring
