#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/server/duration.h"

namespace finger {

/// The workers of a Parent that are to end: asked to, then killed, and after that perhaps kept by
/// the kernel, in a file system that does not answer. Nobody can wait for such a process.
class EndingWorkers {
 public:
  /// As far as anybody outside of the kernel can tell.
  static constexpr std::string_view stuck_reason =
      "it waits for the kernel, perhaps in a home that hangs";

  /// Until then it may end by itself. `accepts` is open for as long as it may accept; empty: it
  /// does not.
  void add(pid_t pid, common::Clock::time_point kill_at, common::Fd accepts = {});

  /// Kills it now.
  void kill(pid_t pid);

  /// All of them.
  void ask(int signal) const;
  void kill_all();

  /// waitpid(2) has found it.
  void forget(pid_t pid);

  /// When check() has something to do.
  std::optional<common::Clock::time_point> due() const;

  /// Kills those whose time is over; a line says which of those that were killed do not end.
  void check(common::Clock::time_point now);

  /// Adds what to wait for, and does after poll(2) what has come.
  void watch(std::vector<pollfd>& watched) const;
  void read(const pollfd* watched);

  /// Whether a connection may still be accepted by one of them.
  bool may_accept() const;

  /// How many were killed and do not end.
  std::size_t stuck() const;
  bool are_all_stuck() const { return stuck() == workers_.size(); }

  /// Those: ` 123 124`
  std::string stuck_pids() const;

 private:
  struct Worker {
    enum class Stage { asked, killed, stuck };
    bool is_stuck() const { return stage == Stage::stuck; }
    void kill();

    pid_t pid;
    common::Clock::time_point due;  ///< When the next stage comes.
    common::Fd accepts;
    Stage stage = Stage::asked;
  };

  std::vector<Worker> workers_;
};

}  // namespace finger
