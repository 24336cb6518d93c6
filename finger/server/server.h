#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <vector>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/server/duration.h"
#include "common/server/listen.h"
#include "common/server/socket.h"
#include "finger/server/admission.h"
#include "finger/server/buffer_pool.h"
#include "finger/server/options.h"
#include "finger/server/roster.h"
#include "uring/canceller.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/server/acceptor.h"
#include "uring/server/background.h"
#include "uring/server/log_writer.h"
#include "uring/signal.h"

namespace finger {

/// Makes a worker's ring ready, in the thread that will use it and before anything else does:
/// registers the credentials of each account's owner, restricts and enables it. Returns by which
/// number the ring knows the credentials of the i-th of accounts.all(), 0: none, our own rights.
using PrepareRing =
    std::function<Result<std::vector<std::uint16_t>>(uring::Loop& loop, const Accounts& accounts)>;

/// How many may be at work at once, in the whole process.
struct Budget {
  std::size_t clients;
  std::size_t plans;  ///< That are being opened, or are open.
};

/// What the servers of one process share.
class Shared {
 public:
  Shared(const Options& chosen, const Budget& budget, common::Fd listening_socket,
         RosterPointer roster);

  const Options& options;
  common::ConnectionLimit connection_limit;
  std::atomic<std::size_t> free_plans;  ///< Who takes one makes sure that there is one.
  Admission admission;
  std::atomic<bool> stopping = false;
  std::atomic<bool> retiring = false;

  /// Who is served now, and from now on.
  RosterPointer roster() const;
  void replace(RosterPointer roster);

  /// One for all of them. It does not wait.
  const common::Fd& listener() const { return listener_; }

  /// One of the servers accepts, or will accept no more. When the last has stopped, who waits in
  /// the backlog is turned away.
  void begin_accepting() { ++accepting_; }
  void end_accepting();

 private:
  common::Fd listener_;
  std::atomic<std::size_t> accepting_ = 0;
  mutable std::mutex mutex_;
  RosterPointer roster_;
};

/// Serves clients on one thread, a coroutine each: serve.cc. How many there are is bounded, and so
/// is each one's memory.
class Server {
 public:
  /// It must run and end on the thread that makes it, the only one that may use its ring. `wake` is
  /// an eventfd(2): somebody asks it to look at what is shared. `prepare` may be empty.
  /// Errors: of uring::Loop::create(), of `prepare`.
  static Result<std::unique_ptr<Server>> create(Shared& shared, const common::Fd& wake,
                                                const PrepareRing& prepare);

  /// Serves until it is woken and `stopping` is set, and whoever has sent a whole query by then has
  /// the answer; or `retiring` is set, and all whom it has accepted were served. Error: of
  /// accept(2), if it is not a client's or a shortage.
  Status run(uring::LogWriter* log_writer);

  // For its exchanges.

  const Options& options() const { return shared_.options; }
  uring::Loop& loop() { return *loop_; }
  RosterPointer roster() const { return shared_.roster(); }

  /// The number of the credentials that open this account's plan; 0: our own.
  std::uint16_t credentials_of(const Roster& roster, const Account& account) const;

  common::Clock::time_point deadline_from(common::Clock::time_point accepted_at) const;

  /// Cancelled when the drain begins: those that wait for a query, or for a peer to leave.
  uring::Canceller& listening() { return listening_; }
  uring::Canceller& lingering() { return lingering_; }

  /// Where bytes go that nobody wants.
  std::span<std::byte> thrown_away() { return thrown_away_; }

  BufferPool::Lent lend_buffer() { return buffers_.lend(); }

  /// The right to have a plan open, which takes descriptors. False: too many are open.
  bool take_plan();

  /// Whether nobody else could open one now: no time to keep it open while a peer reads slowly.
  bool plans_are_short() const { return shared_.free_plans == 0; }

  /// Closes a plan, if there is one, and gives the right back. Through the ring and without waiting
  /// for it: where a plan comes over the network, the other side has a say in it.
  void close_plan(common::Fd plan);

  /// Cancelled when a plan was closed. Who waits for that resets it first.
  uring::Canceller& plan_closed() { return plan_closed_; }

  /// An exchange is over, its connection closed.
  void left(const common::Address& peer);

 private:
  Server(Shared& shared, std::unique_ptr<uring::Loop> loop, const common::Fd& wake,
         std::vector<std::uint16_t> credentials);

  uring::Task<Status> work(uring::LogWriter* log_writer);
  void add(common::Accepted accepted);
  uring::Task<> close(common::Fd plan);

  Shared& shared_;
  std::unique_ptr<uring::Loop> loop_;
  const std::vector<std::uint16_t> credentials_;
  BufferPool buffers_;
  std::array<std::byte, common::receive_bytes_max> thrown_away_;

  uring::Background background_;
  uring::Acceptor acceptor_;
  uring::Canceller listening_;
  uring::Canceller lingering_;
  uring::Canceller plan_closed_;
  uring::Scope* exchanges_ = nullptr;  ///< While work() runs.
};

}  // namespace finger
