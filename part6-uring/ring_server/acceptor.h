#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/net/accept.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "ring_server/background.h"
#include "uring/loop.h"
#include "uring/task.h"

namespace ring_server {

/// A connection and its permit, which is given back after the descriptor has been closed: a free
/// permit means that there is a descriptor.
struct Admitted {
  common::Permit permit;
  common::Accepted accepted;
};

/// Accepts connections, each after a permit for it: no more than a limit that several loops share.
///
///     background.spawn(scope, acceptor.accept_each([](Admitted client) { … }));
///
/// The ring only tells that a connection is there: an accept that waits in the ring would hold its
/// permit meanwhile, which another loop may need, and a multishot one takes every connection that
/// comes. Several loops may watch one listener: for those that come too late, accept finds none.
class Acceptor {
 public:
  using MakeRoom = std::function<common::Clock::time_point()>;

  /// All must outlive it. `listener` is non-blocking. The eventfd(2) of `background` is written to
  /// when another loop has given a permit back. `make_room` is called when a connection is there
  /// and no permit: see LoopServer::make_room().
  Acceptor(uring::Loop& loop, const common::Fd& listener, common::ConnectionLimit& connection_limit,
           Background& background, MakeRoom make_room)
      : loop_(loop),
        listener_(listener),
        connection_limit_(connection_limit),
        background_(background),
        make_room_(std::move(make_room)) {}
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor() { connection_limit_.remove_waiter(background_.wake().get()); }

  /// The next connection. One coroutine at a time may wait for it. Errors: cancelled; of accept(2),
  /// if it is neither the peer's fault nor a shortage.
  uring::Task<common::Result<Admitted>> next();

  /// Calls `serve` with each. Errors: as above.
  uring::Task<common::Status> accept_each(std::function<void(Admitted)> serve);

  /// How often a connection has had to wait until there was a permit for it.
  std::uint64_t waits() const { return waits_; }

 private:
  bool is_connection_there() const;

  uring::Loop& loop_;
  const common::Fd& listener_;
  common::ConnectionLimit& connection_limit_;
  Background& background_;
  const MakeRoom make_room_;
  int budget_ = 0;  ///< Tries left in this turn.
  bool is_waiting_ = false;
  std::uint64_t waits_ = 0;
};

}  // namespace ring_server
