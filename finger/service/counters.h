#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "finger/service/probes.h"
#include "uring/ring.h"

namespace finger {

/// A number that one thread counts and any thread may read, without a lock. The load and the store
/// are ordinary instructions: a second thread that counts would lose what the first has counted
/// between them.
class Counter {
 public:
  void add(std::uint64_t more = 1) { set(value() + more); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// Makes `total` the number whose last 32 bits those are, and which has grown by less since.
/// Returns by how much.
inline std::uint32_t catch_up(Counter& total, std::uint32_t last_bits) {
  const std::uint64_t before = total.value();
  const std::uint32_t more = last_bits - static_cast<std::uint32_t>(before);
  total.set(before + more);
  return more;
}

/// How often something took how long. As with a Counter, one thread adds.
class Histogram {
 public:
  /// What each bucket holds at most, in microseconds. What takes longer is in one more.
  static constexpr std::array<std::uint32_t, 13> bounds_us{
      10,     30,      100,     300,       1'000,     3'000,     10'000,
      30'000, 100'000, 300'000, 1'000'000, 3'000'000, 10'000'000};

  void add(std::chrono::nanoseconds took) {
    std::size_t i = 0;  // most are in the first few
    while (took > bounds[i]) ++i;
    counts_[i].add();
    nanoseconds_.add(static_cast<std::uint64_t>(took.count()));
  }

  void take_over(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i].add(other.counts_[i].value());
    nanoseconds_.add(other.nanoseconds_.value());
  }

  /// `i` up to bounds_us.size(): that of what took longer.
  const Counter& bucket(std::size_t i) const { return counts_[i]; }
  const Counter& nanoseconds() const { return nanoseconds_; }

 private:
  /// The same; the last has no end.
  static constexpr auto bounds = [] {
    std::array<std::chrono::nanoseconds, bounds_us.size() + 1> all{};
    all.back() = std::chrono::nanoseconds::max();
    std::ranges::transform(bounds_us, all.begin(),
                           [](std::uint32_t us) { return std::chrono::microseconds(us); });
    return all;
  }();

  std::array<Counter, bounds_us.size() + 1> counts_;
  Counter nanoseconds_;  ///< Of all together.
};

/// What one worker counts. It writes in its own thread; lines of the cache of its own, so that two
/// workers do not slow each other down.
struct alignas(64) WorkerCounters {
  static constexpr std::size_t outcomes_max = 13;

  Counter accepted;
  Counter refused;  ///< Of those: closed at once, the address had too many.
  Counter closed;   ///< Of the others.
  Counter waits;    ///< How often a connection had to wait for another to end.
  std::array<Counter, outcomes_max>
      outcomes;  ///< How exchanges ended: their names are in outcome.h.
  Counter received_bytes;
  Counter sent_bytes;
  Histogram answer_time;

  // Of the ring.
  Counter submitted;
  Counter enter_calls;
  Counter completed;
  Counter overflows;

  /// Adds what another has counted, whose connections are closed by now.
  void take_over(const WorkerCounters& other);

  std::uint64_t open() const { return accepted.value() - refused.value() - closed.value(); }

  /// Takes over what the ring has done in a turn. Inline: to the compiler, a probe looks large.
  [[gnu::always_inline]] void take(const uring::Ring& ring) {
    const std::uint32_t submitted_now = catch_up(submitted, ring.submitted());
    const std::uint32_t completed_now = catch_up(completed, ring.completed());
    probes::turn(submitted_now, completed_now);
    enter_calls.set(ring.enter_calls());
    overflows.set(ring.overflows());
  }
};

inline void WorkerCounters::take_over(const WorkerCounters& other) {
  closed.add(other.closed.value() + other.open());
  for (const auto counter :
       {&WorkerCounters::accepted, &WorkerCounters::refused, &WorkerCounters::waits,
        &WorkerCounters::received_bytes, &WorkerCounters::sent_bytes, &WorkerCounters::submitted,
        &WorkerCounters::enter_calls, &WorkerCounters::completed, &WorkerCounters::overflows}) {
    (this->*counter).add((other.*counter).value());
  }
  for (std::size_t i = 0; i < outcomes_max; ++i) outcomes[i].add(other.outcomes[i].value());
  answer_time.take_over(other.answer_time);
}

}  // namespace finger
