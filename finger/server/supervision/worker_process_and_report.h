#pragma once

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "common/fd.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "finger/server/roster.h"

namespace finger {

/// How a worker process tells its parent that it serves, and still does, or why it cannot.
class Report {
 public:
  /// One end of each of its pipes.
  struct Pipes {
    common::Fd said;
    common::Fd lifeline;
    common::Fd accepts;
    common::Fd news;
  };

  struct Ends {
    Pipes parent;  // reads
    Pipes worker;  // writes
  };

  /// None of the ends waits. Error: of pipe2(2).
  static common::Result<Ends> make_pipes();

  Report(Pipes pipes, std::set<std::string> silent)
      : pipes_(std::move(pipes)), silent_(std::move(silent)) {}

  /// It serves so many users, and heeds drain_signal and retire_signal. False: the parent has gone.
  [[nodiscard]] bool ready(const UserCount& found);

  /// None of its loops is stuck. Never waits.
  void alive();

  /// It cannot serve, for the reason that the line gives. Returns the exit status 1.
  int failed(std::string_view line);

  /// What ready() has written. Empty: it is something else, the line of failed().
  static std::optional<UserCount> read_ready(std::string_view said);

  /// Keeps the lifeline open for as long as this process lives, and no longer: the parent learns of
  /// its death even where it does not end. The kernel holds a killed process, with all of its
  /// descriptors, until each operation of its rings has ended, which in a home that does not answer
  /// may be never; before that, wait(2) tells nothing. A thread that uses no ring ends at once: it
  /// has a table of descriptors of its own, with the pipe in it alone.
  /// Returns nothing, or a line that says why there is no such thread.
  std::string hold_lifeline();

  /// To be closed with the listener: until then the parent takes it that the worker accepts.
  common::Fd take_accepts() { return std::move(pipes_.accepts); }

  /// For Scout::start(): where it tells the parent what does not answer, and what it need not ask.
  common::Fd take_news() { return std::move(pipes_.news); }
  const std::set<std::string>& silent() const { return silent_; }

 private:
  bool say(std::string_view text);

  Pipes pipes_;
  std::set<std::string> silent_;
};

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
