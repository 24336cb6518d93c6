#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "uring/cancel/canceller.h"

namespace uring {

class Deadlines;
class LoopCore;

/// CLOCK_MONOTONIC: it never jumps.
using Clock = std::chrono::steady_clock;

/// A point in time that many operations share, one after another or side by side:
///
///     Deadline deadline(loop, Clock::now() + 10s);
///     co_await loop.recv(fd, buffer).until(deadline);
///     co_await loop.send(fd, answer).until(deadline);   // both within the same ten seconds
///
/// When it passes, those under way end with Error::timed_out, and later ones immediately, until it
/// is renewed. As a Canceller it may end before its operations, which then have no limit any more.
/// A deadline ends before its loop. Costs the kernel nothing: the loop waits no longer than the
/// first deadline allows.
class Deadline : public Canceller {
 public:
  static constexpr Clock::time_point never = Clock::time_point::max();

  explicit Deadline(LoopCore& loop, Clock::time_point due = never);
  ~Deadline();

  Clock::time_point due() const { return due_; }

  /// Moves it, also after it has passed. Usually a store: one that moves away keeps its place until
  /// the loop comes to it.
  void renew(Clock::time_point due);

 private:
  friend class Deadlines;
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  Deadlines& all_;
  Clock::time_point due_;
  std::size_t place_ = nowhere;
};

/// All of a loop, the earliest first: a binary heap in which each knows its place.
class Deadlines {
 public:
  /// When to look again; nullopt: there is none. May be too early for one that was moved.
  std::optional<Clock::time_point> earliest() const;

  /// Cancels what is in the hands of those that are due.
  void expire(Clock::time_point now);

 private:
  friend class Deadline;
  struct Entry {
    Clock::time_point at;  ///< Not later than due(): a renewal to later leaves it.
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
