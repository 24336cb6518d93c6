#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "uring/wait/canceller.h"
#include "uring/wait/time_limit.h"

namespace uring {

class LoopCore;

/// A point in time that many operations share, one after another or side by side:
///
///     Deadline deadline(loop, Clock::now() + 10s);
///     co_await loop.recv(fd, buffer).until(deadline);
///     co_await loop.send(fd, answer).until(deadline);   // both within the same ten seconds
///
/// When it passes, those under way end with Error::timed_out, and later ones immediately, until it
/// is renewed. Costs the kernel nothing: the loop waits no longer than the first of them allows.
/// As a Canceller it can also have a scope in its hands, with all that is in it: see Attachment.
class Deadline : public Canceller {
 public:
  static constexpr Clock::time_point never = Clock::time_point::max();

  explicit Deadline(LoopCore& loop, Clock::time_point due = never);
  ~Deadline();

  /// Moves it, also after it has passed. Usually a store: one that moves away keeps its place until
  /// the loop comes to it.
  void renew(Clock::time_point due);

  Clock::time_point due() const { return due_; }

 private:
  friend class Deadlines;
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  LoopCore& loop_;
  Clock::time_point due_ = never;
  Clock::time_point queued_for_{};  ///< Its key in the heap: not later than due_.
  std::size_t place_ = nowhere;
};

/// All deadlines of a loop, the soonest first: a binary heap in which each knows its place.
class Deadlines {
 public:
  void insert(Deadline& deadline);
  void remove(Deadline& deadline);

  /// When to look again; nullopt: there is none. May be too soon for one that was renewed.
  std::optional<Clock::time_point> soonest() const;

  /// Cancels what is overdue. Returns whether any was.
  bool expire(Clock::time_point now);

 private:
  void put(std::size_t place, Deadline& deadline);
  void rise(std::size_t place);
  void sink(std::size_t place);

  std::vector<Deadline*> heap_;
};

}  // namespace uring
