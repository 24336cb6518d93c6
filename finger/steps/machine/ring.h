#pragma once

#include <liburing.h>

#include <memory>
#include <optional>

#include "common/loop/token.h"
#include "common/result.h"
#include "common/server/duration.h"

namespace machine {

/// The result of an operation, and the token that it was prepared with.
struct Completion {
  common::Token token;
  int result = 0;
};

/// An io_uring, as liburing has it. Needs Linux 6.1, for IORING_SETUP_DEFER_TASKRUN.
class Ring {
 public:
  /// Errors: of io_uring_setup(2); EPERM, ENOSYS: it is not permitted here.
  static common::Result<std::unique_ptr<Ring>> create(unsigned entries);
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { io_uring_queue_exit(&ring_); }

  /// A submission queue entry to be prepared, whose completion will bring the token. When the queue
  /// is full, its entries are submitted first.
  io_uring_sqe* next_entry(common::Token token);

  /// Submits what was prepared and sleeps until there is a completion, or until the deadline.
  common::Status submit_and_wait(std::optional<common::Clock::time_point> deadline);

  /// The next completion, if there is one. There may be many after one wait: take them all.
  std::optional<Completion> next_completion();

 private:
  Ring() = default;

  io_uring ring_{};
};

}  // namespace machine
