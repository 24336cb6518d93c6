#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "common/result.h"
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
    while (i < bounds_us.size() && took > std::chrono::microseconds(bounds_us[i])) ++i;
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
  std::array<Counter, bounds_us.size() + 1> counts_;
  Counter nanoseconds_;  ///< Of all together.
};

/// How a conversation ends. `failed` is no client's doing.
enum class ConversationOutcome {
  answered,
  without_plan,
  no_such_user,
  relay_denied,
  invalid_query,
  query_too_long,
  unexpected_eof,
  list_denied,
  timed_out,
  displaced,  ///< Before the query was complete: another connection has the place.
  stopped,    ///< We were, before the query was complete.
  gone,       ///< The peer is.
  failed,
};

/// For the metrics, in that order.
inline constexpr std::string_view outcome_names[] = {
    "answered",       "no_plan",        "no_such_user", "relay_denied", "invalid_query",
    "query_too_long", "unexpected_eof", "list_denied",  "timed_out",    "displaced",
    "stopped",        "gone",           "failed"};

/// What one worker counts. It writes in its own thread; lines of the cache of its own, so that two
/// workers do not slow each other down.
struct alignas(64) WorkerCounters {
  Counter accepted;
  Counter refused;  ///< Of those: closed at once, the address had too many.
  Counter closed;   ///< Of the others.
  Counter waits;    ///< How often a connection had to wait for another to end.
  std::array<Counter, std::size(outcome_names)> outcomes;  ///< How exchanges ended.
  Counter received_bytes;
  Counter sent_bytes;
  Histogram answer_time;

  // Of the ring.
  Counter submitted;
  Counter enter_calls;
  Counter completed;
  Counter overflows;

  /// Adds what another has counted, whose connections are closed by now.
  void take_over(const WorkerCounters& other) {
    closed.add(other.closed.value() + other.open());
    for (const auto counter :
         {&WorkerCounters::accepted, &WorkerCounters::refused, &WorkerCounters::waits,
          &WorkerCounters::received_bytes, &WorkerCounters::sent_bytes, &WorkerCounters::submitted,
          &WorkerCounters::enter_calls, &WorkerCounters::completed, &WorkerCounters::overflows}) {
      (this->*counter).add((other.*counter).value());
    }
    for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i].add(other.outcomes[i].value());
    answer_time.take_over(other.answer_time);
  }

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

/// What was counted by processes that follow one another, in memory that they share: a worker
/// process ends, and its numbers stay. One that is forked from the parent counts in a generation of
/// its own, since only one thread may write to a Counter.
///
///     auto generations = Generations::create(workers);   // the parent
///     const auto mine = (*generations)->begin();         // a child
///     (*generations)->of(*mine)                          // counters for its workers
///     (*generations)->end_all_but(children);             // the parent: the others have ended
class Generations {
 public:
  /// So many processes may count at the same time. What another one counts is lost.
  static constexpr std::size_t processes_max = 32;

  /// For processes with so many workers each. Error: of mmap(2).
  static common::Result<std::unique_ptr<Generations>> create(std::size_t workers);
  Generations(const Generations&) = delete;
  Generations& operator=(const Generations&) = delete;
  ~Generations();

  /// For this process, while no other begins. nullopt: there are processes_max.
  std::optional<std::size_t> begin();

  /// Processes that are none of these have ended. What they have counted is kept; their connections
  /// are closed.
  void end_all_but(std::span<const pid_t> processes);

  std::span<WorkerCounters> of(std::size_t generation) const {
    return {reinterpret_cast<WorkerCounters*>(pages_ + 1) + generation * workers_, workers_};
  }

  /// All that may have counted something: those of processes that run, and, in one, what all others
  /// have counted. Where a process ends meanwhile, changes() is another number afterwards, and the
  /// sum of them may be wrong.
  std::vector<const WorkerCounters*> all() const;
  std::uint64_t changes() const { return pages_->changes; }

  // What the parent counts, or a process that has none.

  Counter& users() const { return pages_->users; }                ///< That are served now.
  Counter& homes_silent() const { return pages_->homes_silent; }  ///< That do not answer now.
  Counter& reloads() const { return pages_->reloads; }
  Counter& failed_reloads() const { return pages_->failed_reloads; }

  /// When it was made, as Unix time.
  std::uint64_t started_at_seconds() const { return started_at_seconds_; }

 private:
  /// What is shared. Followed by the counters: `workers` for each process.
  struct Pages {
    std::atomic<std::uint64_t> changes = 0;                      ///< Odd: one is under way.
    std::array<std::atomic<pid_t>, processes_max> process = {};  ///< 0: it is free.
    Counter users;
    Counter homes_silent;
    Counter reloads;
    Counter failed_reloads;
    WorkerCounters ended;
  };

  Generations(void* memory, std::size_t bytes, std::size_t workers);

  const std::size_t bytes_;
  const std::size_t workers_;
  Pages* const pages_;
  const std::uint64_t started_at_seconds_;
};

}  // namespace finger
