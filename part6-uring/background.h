#pragma once

#include <system_error>

#include "common/fd.h"
#include "common/result.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/task.h"

namespace stage {

/// Runs a server's background tasks and reports if one fails. Also wakes the server when another
/// thread asks for it.
///
///     Background background(loop, wake);
///     background.spawn(scope, background.watch_eventfd());
///     background.spawn(scope, accept_clients());
///     while (!stopping && !background.fault()) (void)co_await background.change();
class Background {
 public:
  /// `wake` is an eventfd(2) that other threads write to. Both arguments must outlive the object.
  Background(uring::Loop& loop, const common::Fd& wake)
      : loop_(loop), wake_(wake), changed_(loop) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  const common::Fd& wake() const { return wake_; }

  /// Runs `task` in `scope`. If it fails, fault() says why, and change() ends; cancellation isn't a
  /// failure.
  void spawn(uring::Scope& scope, uring::Task<common::Status> task);

  /// Why a task failed; empty if none did. A server without that task would only seem alive.
  std::error_code fault() const { return fault_; }

  /// Waits until the eventfd is written to, or a task fails.
  uring::Condition::Wait change() { return changed_.wait(); }

  /// Reads the eventfd again and again, and ends change() each time. Errors: cancelled; of read(2).
  uring::Task<common::Status> watch_eventfd();

 private:
  uring::Task<> run_to_end(uring::Task<common::Status> task);

  uring::Loop& loop_;
  const common::Fd& wake_;
  uring::Condition changed_;
  std::error_code fault_;
};

}  // namespace stage
