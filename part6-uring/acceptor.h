#pragma once

#include <system_error>

#include "background.h"
#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/net/accept.h"
#include "common/result.h"
#include "uring/loop.h"
#include "uring/task.h"

namespace stage {

/// A connection and its permit, which is given back after the descriptor has been closed: a free
/// permit means that there is a descriptor.
struct Admitted {
  common::Permit permit;
  common::Accepted accepted;
};

/// Accepts connections, each after a permit for it: no more than a limit that several loops share.
///
/// The ring only tells that a connection is there: an accept that waits in the ring would hold its
/// permit meanwhile, which another loop may need, and a multishot one takes every connection that
/// comes. Several loops may watch one listener: for those that come too late, accept finds none.
class Acceptor {
 public:
  /// All must outlive it. `listener` is non-blocking. The eventfd(2) of `background` is written to
  /// when another loop has given a permit back.
  Acceptor(uring::Loop& loop, const common::Fd& listener, common::ConnectionLimit& connection_limit,
           Background& background)
      : loop_(loop),
        listener_(listener),
        connection_limit_(connection_limit),
        background_(background) {}
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor() { connection_limit_.remove_waiter(background_.wake().get()); }

  /// The next connection. One coroutine at a time may wait for it. Errors: cancelled; of accept(2),
  /// if it is neither the peer's fault nor a shortage.
  uring::Task<common::Result<Admitted>> next();

 private:
  bool is_connection_there() const;

  /// Waits until an accept that has failed is worth another try: a connection has been closed, or
  /// a while has passed. Errors: `fault`, if it stays; cancelled.
  uring::Task<common::Status> wait_out(std::error_code fault);

  uring::Loop& loop_;
  const common::Fd& listener_;
  common::ConnectionLimit& connection_limit_;
  Background& background_;
  int budget_ = 0;  ///< Tries left in this turn.
};

}  // namespace stage
