#pragma once

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <functional>
#include <set>
#include <string>

#include "common/server/duration.h"
#include "finger/server/supervision/report.h"

namespace finger {

/// A worker's process, as its parent knows it, until waitpid(2) finds that it has ended.
struct WorkerProcess {
  /// What it is at. Of each parent's, at most one is starting, and at most one serves.
  enum class State {
    starting,  ///< Says that it is ready, or why not. Due: it is killed.
    serving,   ///< Says that it is alive. Due: it has died, does not end, and is replaced.
    asked,     ///< To accept no more, or to drain. Due: it is killed.
    killed,    ///< Due: it is stuck.
    stuck      ///< In the kernel, by a file system that does not answer. Never due.
  };

  /// Until waitpid(2) finds one that has died, or was killed: milliseconds, unless something holds
  /// it.
  static constexpr auto found_pause = std::chrono::milliseconds(500);

  /// A fork of this process, which does `work` and exits with what that returns. Its parent's death
  /// drains it. The directories in `silent` need not be asked. Error: a line that says why there is
  /// none.
  static std::expected<WorkerProcess, std::string> fork(
      const std::function<int(Report& report)>& work, std::set<std::string> silent,
      common::Clock::time_point due);

  /// 0 is no signal.
  void send(int signal) const;

  /// What it says is not heard any more.
  void end(State now_at, int signal, common::Clock::duration patience);
  void kill();

  pid_t pid;
  Report::Pipes pipes;
  common::Clock::time_point due;
  State state = State::starting;
};

}  // namespace finger
