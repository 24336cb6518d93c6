#pragma once

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "common/server/listen.h"
#include "uring/canceller.h"
#include "uring/error.h"
#include "uring/loop.h"
#include "uring/signal.h"
#include "uring/task.h"

namespace uring {

/// Takes newcomers, each after a place for it.
///
///     while (true) {
///       auto accepted = co_await acceptor.next();
///       if (!accepted) co_return std::unexpected(accepted.error());
///       …                       // serve it, and when it has left:
///       acceptor.give_back();   // its place
///     }
///
/// The ring only says that somebody is there: an accept that waits there would hold its place
/// meanwhile, which another loop's newcomer may need, and a multishot one takes all who come.
/// Several loops may watch one listener: whoever comes too late finds nobody.
class Acceptor {
 public:
  /// All must outlive it. `listener` is non-blocking; `wake` is an eventfd(2), which is written to
  /// when another loop has given a place back. Whoever reads it calls look_again().
  Acceptor(Loop& loop, const common::Fd& listener, common::ConnectionLimit& connection_limit,
           const common::Fd& wake)
      : loop_(loop),
        listener_(listener),
        connection_limit_(connection_limit),
        wake_(wake),
        place_freed_(loop) {}
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor() { connection_limit_.remove_waiter(wake_.get()); }

  /// The next newcomer, whose place is to be given back. One coroutine at a time may wait for it.
  /// Errors: cancelled; of accept(2), if it is not the newcomer's or a shortage.
  Task<Result<common::Accepted>> next();

  void give_back();
  void look_again() { place_freed_.notify_all(); }

 private:
  Loop& loop_;
  const common::Fd& listener_;
  common::ConnectionLimit& connection_limit_;
  const common::Fd& wake_;
  Signal place_freed_;  ///< In this loop or another.
  Canceller shortage_;  ///< Ends the pause after an accept that found no descriptor.
  int budget_ = 0;      ///< Tries left in this turn.
};

}  // namespace uring
