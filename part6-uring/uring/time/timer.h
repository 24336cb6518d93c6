#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "uring/cancel/canceller.h"

namespace uring {

class Timers;

/// CLOCK_MONOTONIC: it never jumps.
using Clock = std::chrono::steady_clock;

/// Something that is to happen at a point in time, by the clock of the loop. Costs the kernel
/// nothing: the loop waits no longer than the first of them allows.
class Timer {
 public:
  static constexpr Clock::time_point never = Clock::time_point::max();

  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer();

  Clock::time_point due() const { return due_; }

 protected:
  explicit Timer(Clock::time_point due) : due_(due) {}

  /// Among those of a loop, from then on always the same ones. Usually a store: one that moves away
  /// keeps its place until the loop comes to it.
  void set(Timers& timers, Clock::time_point due);
  Timers& timers() const { return *timers_; }

 private:
  friend class Timers;
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  /// It is due, and set no longer.
  virtual void expire() = 0;

  Timers* timers_ = nullptr;
  Clock::time_point due_;
  std::size_t place_ = nowhere;
};

/// Ends one wait: for Await.
class TimeLimit final : public Timer {
 public:
  explicit TimeLimit(Clock::time_point due) : Timer(due) {}

  void arm(Timers& timers, Cancellable& target) {
    target_ = &target;
    set(timers, due());
  }

 private:
  void expire() override { target_->cancel(Error::timed_out); }

  Cancellable* target_ = nullptr;
};

/// All that are set in a loop, the earliest first: a binary heap in which each knows its place.
class Timers {
 public:
  /// When to look again; nullopt: there is none. May be too early for one that was moved.
  std::optional<Clock::time_point> earliest() const;

  /// Ends those that are due.
  void expire(Clock::time_point now);

 private:
  friend class Timer;
  struct Entry {
    Clock::time_point at;  ///< Not later than due(): one that is moved to later stays where it is.
    Timer* timer;
  };

  void put_in_place(Timer& timer);
  void insert(Timer& timer);
  void remove(Timer& timer);
  void put(std::size_t place, Entry entry);
  void rise(std::size_t place);
  void sink(std::size_t place);

  std::vector<Entry> heap_;
};

inline void Timer::set(Timers& timers, Clock::time_point due) {
  timers_ = &timers;
  due_ = due;
  if (place_ == nowhere || timers.heap_[place_].at > due) timers.put_in_place(*this);
}

}  // namespace uring
