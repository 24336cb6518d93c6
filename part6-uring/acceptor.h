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

/// A connection and its permit, which is given back after the descriptor is closed. So a free
/// permit means a free descriptor.
struct Admitted {
  common::Permit permit;
  common::Accepted accepted;
};

/// Accepts connections, each with a permit, of which several loops share a limited number.
///
/// The ring only polls the listener. An accept that waits in the ring would hold its permit
/// meanwhile, which another loop may need, and a multishot accept takes every connection. Several
/// loops may watch one listener, and those that are late find no connection.
class Acceptor {
 public:
  /// All arguments must outlive the acceptor, and `listener` must be non-blocking. When another
  /// loop gives a permit back, the eventfd(2) of `background` is written to.
  Acceptor(uring::Loop& loop, const common::Fd& listener, common::ConnectionLimit& connection_limit,
           Background& background)
      : loop_(loop),
        listener_(listener),
        connection_limit_(connection_limit),
        background_(background) {}
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor() { connection_limit_.remove_waiter(background_.wake().get()); }

  /// Waits for the next connection, in one coroutine at a time. Errors: cancelled; of accept(2),
  /// but only those that a retry can't cure.
  uring::Task<common::Result<Admitted>> next();

 private:
  bool is_connection_there() const;

  /// Waits after a failed accept until a connection has closed, or shortage_pause has passed.
  /// Errors: `fault` if a retry can't cure it; cancelled.
  uring::Task<common::Status> wait_out(std::error_code fault);

  uring::Loop& loop_;
  const common::Fd& listener_;
  common::ConnectionLimit& connection_limit_;
  Background& background_;
  int budget_ = 0;  ///< Tries left in this turn.
};

}  // namespace stage
