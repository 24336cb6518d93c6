#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/result.h"
#include "finger/service/counters.h"

namespace finger {

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

  std::span<WorkerCounters> of(std::size_t generation);

  /// All that may have counted something: those of processes that run, and, in one, what all others
  /// have counted. Where a process ends meanwhile, changes() is another number afterwards, and the
  /// sum of them may be wrong.
  std::vector<const WorkerCounters*> all() const;
  std::uint64_t changes() const;

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
  WorkerCounters* counters() const { return reinterpret_cast<WorkerCounters*>(pages_ + 1); }

  const std::size_t bytes_;
  const std::size_t workers_;
  Pages* const pages_;
  const std::uint64_t started_at_seconds_;
};

}  // namespace finger
