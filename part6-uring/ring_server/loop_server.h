#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "ring_server/acceptor.h"
#include "ring_server/background.h"
#include "ring_server/counters.h"
#include "ring_server/log_writer.h"
#include "ring_server/metrics_service.h"
#include "ring_server/options.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/task.h"
#include "uring/wait/deadline.h"

namespace ring_server {

/// What the servers of one process share.
struct Shared {
  Shared(const Options& chosen, std::size_t connections_max, Metrics& counted)
      : process_options(chosen), metrics(counted), connection_limit(connections_max) {}

  const Options& process_options;
  Metrics& metrics;
  common::ConnectionLimit connection_limit;
  std::atomic<bool> stopping = false;
  std::atomic<bool> retiring = false;  ///< A successor accepts.
};

/// The life of a server on one ring, whatever its protocol: it accepts, until it is to stop or has
/// a successor; it serves those who are connected, until they have left or it is to stop; it
/// drains. A class that derives from it says what a client is.
///
/// It must run and end on the thread that makes it, the only one that may use its ring.
class LoopServer {
 public:
  LoopServer(const LoopServer&) = delete;
  LoopServer& operator=(const LoopServer&) = delete;
  virtual ~LoopServer() = default;

  /// Serves until it is woken and `stopping` is set, and then drains; or `retiring` is set, and
  /// those who are connected have left. `log_writer` may be null: another server writes the log.
  /// Errors: of accept(2), only those that trying again cannot cure; of the tasks that begin() has
  /// started.
  common::Status run(LogWriter* log_writer);

 protected:
  /// What each server of a process gets: a listener, non-blocking, which is closed when the last
  /// of those that share it has stopped accepting; and an eventfd(2), written to when `shared` has
  /// changed. `i`: which of the servers in `shared` it is, from 0. A PROXY
  /// header may take `header_timeout`.
  LoopServer(Shared& shared, std::size_t i, std::unique_ptr<uring::Loop> loop,
             std::shared_ptr<const common::Fd> listener, const common::Fd& wake,
             common::Clock::duration header_timeout);

  /// The server begins to run. Its clients' coroutines are to run in the one scope, its own tasks
  /// in the other, as background().spawn(tasks, …).
  virtual void begin(uring::Scope& conversations, uring::Scope& tasks) = 0;

  /// A connection has been accepted, and has its permit. Its own address may not be known yet.
  virtual void has_accepted() {}

  /// A client is connected, and known by its own address.
  virtual void add(Admitted client) = 0;

  /// How many have not left. When one does, and perhaps somebody waits for the last:
  /// one_has_left().
  virtual std::size_t clients() const = 0;

  /// A connection waits and has no permit: another, which has not asked for anything, may be ended.
  /// Returns when to call it again if no permit is given back before.
  virtual common::Clock::time_point make_room() { return uring::Deadline::never; }

  /// From now on clients get what they have asked for, and no more.
  virtual void begin_drain() = 0;

  /// A task has failed: no conversation may begin any more.
  virtual void abandon() {}

  void one_has_left() {
    if (shared_.stopping || shared_.retiring) background_.notify();
  }

  /// At the end of each turn: shows what was counted of the loop itself.
  void publish_loop() {
    counters_.waits.set(acceptor_.waits());
    counters_.take(loop_->ring());
  }

  uring::Loop& loop() { return *loop_; }
  Background& background() { return background_; }
  WorkerCounters& counters() { return counters_; }

 private:
  uring::Task<common::Status> work();
  uring::Task<> accept_clients(uring::Scope& headers, uring::Scope& scrapes);
  void admit(Admitted client, uring::Scope& headers);
  uring::Task<> add_after_header(Admitted client);

  Shared& shared_;
  WorkerCounters& counters_;
  const bool is_first_;
  const common::Clock::duration header_timeout_;
  std::unique_ptr<uring::Loop> loop_;
  std::shared_ptr<const common::Fd> listener_;
  Background background_;
  Acceptor acceptor_;
};

}  // namespace ring_server
