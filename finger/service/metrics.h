#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "finger/service/counters.h"
#include "finger/service/takeover.h"
#include "ring_server/background.h"
#include "uring/error.h"
#include "uring/loop.h"
#include "uring/memory/intrusive_list.h"
#include "uring/scope.h"
#include "uring/task.h"
#include "uring/time/deadline.h"

namespace finger {

/// What the workers of one process count, and the two ways to ask for it: it is written to the log,
/// and a scraper gets it from a listener, which the first worker answers in its loop.
///
///     Metrics metrics(generations, generations.begin(), workers, std::move(listener));
///     metrics.of_worker(i).accepted.add();            // the i-th worker, in its thread
///     metrics.start(loop, accepting, answering, background);  // the first one
class Metrics {
 public:
  /// So many at the same time. For one more, that which has waited longest for its request is
  /// closed.
  static constexpr std::size_t scrapers_max = 16;

  /// For a process that counts in one of the generations, which must outlive it; nullopt: there was
  /// none left for it. `listener` is non-blocking, or empty: there are no scrapers.
  Metrics(Generations& generations, std::optional<std::size_t> generation, std::size_t workers,
          common::Fd listener);

  WorkerCounters& of_worker(std::size_t i) { return workers_[i]; }

  /// From now on, until `accepting` is cancelled, it accepts; then the listener is closed. Those
  /// who were accepted are answered in the other scope. Once. No scraper keeps it from going on,
  /// nor ends the server: there are scrapers_max at most, and each has scrape_timeout. `background`
  /// is told when a scraper has left.
  void start(uring::Loop& loop, uring::Scope& accepting, uring::Scope& answering,
             ring_server::Background& background);

  /// Writes what was counted to the log, in a line, at each SIGUSR1: the first worker, in its loop.
  /// A thread of the daemon's that reloads may wait for an account database that does not answer.
  /// All threads block the signal.
  uring::Task<common::Status> log_when_asked(uring::Loop& loop);

  Counter& homes_silent() { return generations_.homes_silent(); }

 private:
  /// One that is connected, until its request is there.
  struct Awaited : uring::Node {
    explicit Awaited(uring::Deadline& its) : deadline(its) {}
    uring::Deadline& deadline;
  };

  uring::Task<common::Status> accept_scrapers(uring::Loop& loop, uring::Scope& answering,
                                              ring_server::Background& background);
  uring::Task<common::Status> wait_for_room(uring::Scope& answering,
                                            ring_server::Background& background);
  uring::Task<> serve(uring::Loop& loop, common::Fd scraper, ring_server::Background& background);
  uring::Task<> answer(uring::Loop& loop, const common::Fd& scraper);
  using Tell = std::string (*)(std::span<const WorkerCounters* const>, const Generations&);
  std::string tell(Tell how) const;

  std::vector<WorkerCounters> own_;  ///< Where they are not in one of the generations.
  Generations& generations_;
  const std::span<WorkerCounters> workers_;
  uring::IntrusiveList<Awaited> awaited_;  ///< The oldest first.
  const common::Fd signals_;               ///< A signalfd(2).
  common::Fd listener_;  ///< Until start(): closed while a ring polls it, it would stay open.
};

/// The counters of all workers together in Prometheus' text format, version 0.0.4.
/// Source: prometheus.io/docs/instrumenting/exposition_formats
std::string metrics_text(std::span<const WorkerCounters* const> workers,
                         const Generations& generations);

/// The same in one line for the log. Of the times to answer, how many there were, and the bounds
/// below which half of them and 99 of 100 lie.
std::string counters_line(std::span<const WorkerCounters* const> workers,
                          const Generations& generations);

/// What --metrics takes: the path of a Unix socket, or a port of this machine alone. nullopt: it is
/// neither.
std::optional<std::string> parse_metrics_place(std::string_view where);

/// A socket that listens where --metrics says, non-blocking: on an address of this machine alone,
/// or at a path. It is the one that `takeover` has got from the server before, if that listens at
/// this address; at a path it takes the place of a socket that an earlier server has left. An empty
/// `where`: no socket. Errors: of socket(2), bind(2), listen(2), rename(2).
common::Result<common::Fd> listen_for_scrapers(const std::string& where, Takeover& takeover);

/// Why that could not be done, in a line.
std::string explain_metrics_failure(const std::string& where, std::error_code error);

}  // namespace finger
