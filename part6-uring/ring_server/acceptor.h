#pragma once

#include <cstdint>
#include <functional>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/net/accept.h"
#include "ring_server/background.h"
#include "uring/error.h"
#include "uring/loop.h"
#include "uring/task.h"
#include "uring/wait/canceller.h"

namespace uring {

/// Accepts connections, each after a place for it: no more than a limit that several loops share.
///
///     background.run(scope, acceptor.accept_each([](common::Accepted accepted) { … }));
///     …
///     acceptor.release();   // when one of them has been closed
///
/// The ring only tells that a connection is there: an accept that waits in the ring would hold its
/// place meanwhile, which another loop may need, and a multishot one takes every connection that
/// comes. Several loops may watch one listener: for those that come too late, accept finds none.
class Acceptor {
 public:
  /// All must outlive it. `listener` is non-blocking. The eventfd(2) of `background` is written to
  /// when another loop has released a place.
  Acceptor(Loop& loop, const common::Fd& listener, common::ConnectionLimit& connection_limit,
           Background& background)
      : loop_(loop),
        listener_(listener),
        connection_limit_(connection_limit),
        background_(background) {}
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor() { connection_limit_.remove_waiter(background_.wake().get()); }

  /// The next connection, for which release() is to be called when it is closed. One coroutine at a
  /// time may wait for it. Errors: cancelled; of accept(2), if it is neither the peer's fault nor a
  /// shortage.
  Task<Result<common::Accepted>> next();

  /// Calls `serve` with each. Errors: as above.
  Task<Status> accept_each(std::function<void(common::Accepted)> serve);

  void release();

  /// How often a connection has had to wait until there was a place for it.
  std::uint64_t waits() const { return waits_; }

 private:
  Loop& loop_;
  const common::Fd& listener_;
  common::ConnectionLimit& connection_limit_;
  Background& background_;
  Canceller shortage_;  ///< Ends the pause after an accept that found no descriptor.
  int budget_ = 0;      ///< Tries left in this turn.
  bool is_waiting_ = false;
  std::uint64_t waits_ = 0;
};

}  // namespace uring
