#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "common/server/options.h"
#include "ring_server/acceptor.h"
#include "ring_server/background.h"
#include "ring_server/log_writer.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/task.h"
#include "uring/time/deadline.h"

namespace ring_server {

/// What a server accepts from: non-blocking, and closed when the last of the servers that share
/// them has stopped accepting.
using SharedListeners = std::shared_ptr<const std::vector<common::Fd>>;

/// What the servers of one process share.
struct Shared {
  Shared(const common::Options& chosen, std::size_t connections_max)
      : process_options(chosen), connection_limit(connections_max) {}

  const common::Options& process_options;
  common::ConnectionLimit connection_limit;
  std::atomic<bool> stopping = false;
};

/// The life of a server on one ring, whatever its protocol: it accepts clients until it is to stop,
/// and then it drains. A class that derives from it says what a client is.
///
/// It must run and end on the thread that makes it, the only one that may use its ring.
class LoopServer {
 public:
  LoopServer(const LoopServer&) = delete;
  LoopServer& operator=(const LoopServer&) = delete;
  virtual ~LoopServer() = default;

  /// Serves until it is woken and `stopping` is set, and then drains. `log_writer` may be null:
  /// another server writes the log. Errors: of accept(2), only those that trying again cannot cure;
  /// of the tasks that begin() has started.
  common::Status run(LogWriter* log_writer);

  /// Whether its ring writes where it is asked to: it may be restricted.
  bool may_write() const { return loop_->ring().permits(IORING_OP_WRITE); }

 protected:
  /// `wake` is an eventfd(2), written to when `shared` has changed.
  LoopServer(Shared& shared, std::unique_ptr<uring::Loop> loop, SharedListeners listeners,
             const common::Fd& wake);

  /// The server begins to run. Its clients' coroutines are to run in the one scope, its own tasks
  /// in the other, as background().spawn(tasks, …).
  virtual void begin(uring::Scope& conversations, uring::Scope& tasks) = 0;

  /// Accepts clients until it should_accept() no more, and then closes the listeners. An override
  /// may do more before the drain begins.
  virtual uring::Task<> accept_clients();
  virtual bool should_accept() const { return !should_stop(); }

  /// A client is connected, and has its permit.
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
    if (!should_accept()) background_.notify();
  }

  bool should_stop() const { return shared_.stopping || background_.fault(); }

  uring::Loop& loop() { return *loop_; }
  Background& background() { return background_; }
  const std::deque<Acceptor>& acceptors() const { return acceptors_; }

 private:
  uring::Task<common::Status> work();

  Shared& shared_;
  std::unique_ptr<uring::Loop> loop_;
  SharedListeners listeners_;  ///< While it accepts.
  Background background_;
  std::deque<Acceptor> acceptors_;  ///< One for each.
};

}  // namespace ring_server
