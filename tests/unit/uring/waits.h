#pragma once

#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <span>

#include "fixture.h"

// The operations that can wait, for limits_test.cc: each waits until it is ended.
namespace tests {

enum class End {
  within,
  until_time,
  until_deadline,
  cancelled_by,
  scope_cancel,
  destroyed,
  cancel
};

/// How one operation is to be ended, and how it has.
class Case {
 public:
  Case(uring::Loop& loop, End by, bool is_async, std::chrono::milliseconds time)
      : end(by),
        async(is_async),
        limit(time),
        due(uring::Clock::now() + time),
        deadline(loop, due),
        peer(tcp_connection()) {}

  const End end;
  const bool async;
  const std::chrono::milliseconds limit;
  const uring::Clock::time_point due;
  uring::Deadline deadline;
  uring::Canceller canceller;
  const Ends peer;  ///< A connection whose client reads nothing.
  std::optional<std::error_code> outcome;

  template <typename T>
  void ended(const uring::Result<T>& result) {
    outcome = result ? std::error_code() : result.error();
  }
  std::error_code expected() const {
    const bool is_time = end == End::within || end == End::until_time || end == End::until_deadline;
    return make_error_code(is_time ? uring::Error::timed_out : uring::Error::cancelled);
  }

  /// What the peer has not acknowledged is given up, with the connection.
  void drop_connection() const {
    const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
    EXPECT_EQ(::connect(peer.server.get(), &nobody, sizeof nobody), 0);
  }
};

enum class Begins { both_ways, async_only };

/// What ends it: the request to, or the peer alone. A zero-copy send has its result at once; what
/// it then waits for is that the peer acknowledges, and no request finds it any more.
enum class Ended { when_asked, by_the_peer };

struct Waiting {
  const char* name;
  uring::Task<> (*start)(uring::Loop&, Case&);
  Begins begins = Begins::both_ways;  ///< Inline, a FIFO is opened at once.
  Ended ended = Ended::when_asked;
  int since = IORING_OP_NOP;  ///< Knows it, or an operation that came with it.
};

std::span<const Waiting> operations_that_wait();

}  // namespace tests
