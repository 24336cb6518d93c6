#pragma once

#include <system_error>

#include "common/fd.h"
#include "common/result.h"
#include "uring/condition.h"
#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/task.h"

namespace stage {

/// What a server does besides serving: background tasks, of which none may fail unnoticed, and
/// waking up when another thread asks for it.
///
///     Background background(loop, wake);
///     background.spawn(scope, background.watch_eventfd());
///     background.spawn(scope, accept_clients());
///     while (!stopping && !background.fault()) (void)co_await background.change();
class Background {
 public:
  /// `wake` is an eventfd(2) that other threads write to. Both must outlive it.
  Background(uring::Loop& loop, const common::Fd& wake)
      : loop_(loop), wake_(wake), changed_(loop) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  const common::Fd& wake() const { return wake_; }

  /// Runs `task` in `scope`. When it fails, fault() says why, and change() ends; to be cancelled is
  /// no failure.
  void spawn(uring::Scope& scope, uring::Task<common::Status> task);

  /// Why a task has failed; no error: none has. Without it the server would seem to be alive.
  std::error_code fault() const { return fault_; }

  /// Waits until something may have changed: the eventfd was written to, or a task has failed.
  uring::Condition::Wait change() { return changed_.wait(); }

  /// Reads the eventfd for ever, and ends change() each time. Errors: cancelled; of read(2).
  uring::Task<common::Status> watch_eventfd();

 private:
  uring::Task<> run_to_end(uring::Task<common::Status> task);

  uring::Loop& loop_;
  const common::Fd& wake_;
  uring::Condition changed_;
  std::error_code fault_;
};

}  // namespace stage
