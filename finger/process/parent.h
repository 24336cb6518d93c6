#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/server/duration.h"
#include "finger/process/control.h"
#include "finger/process/service_manager.h"

namespace finger {

/// The process that keeps the listening sockets and, if started as root, root's rights. The parent
/// never talks to a client, but starts a worker, which serves.
///
/// SIGHUP starts a second worker, which replaces the first as soon as it serves. On SIGTERM the
/// workers drain; on SIGQUIT they serve the clients that are connected. A second signal kills the
/// workers.
///
/// If the serving worker dies, or gives no sign of life for a while, the daemon ends with 1, and
/// its supervisor starts it again. So an intruder who keeps crashing workers finds a new memory
/// layout each time, and no worker can leave anything to the next one.
class Parent {
 public:
  using Clock = common::Clock;

  /// How long a worker may take before it is killed.
  struct Limits {
    Clock::duration start = std::chrono::seconds(30);       ///< To begin serving.
    Clock::duration silence = std::chrono::seconds(10);     ///< Between two signs of life.
    Clock::duration second_look = std::chrono::seconds(2);  ///< We may have been paused.
    Clock::duration drain;                                  ///< To end, once asked to.

    /// Pause between reloads for late directories, because a slow one is late each time.
    Clock::duration late_pause = std::chrono::minutes(1);
  };

  /// No worker is started while this many killed ones can't end, because a home hangs, or while
  /// this many processes wait for a directory of homes: look.cc.
  static constexpr std::size_t killed_max = 4;
  static constexpr std::size_t lookups_max = 8;

  struct Setup {
    std::vector<common::Fd> listeners;  ///< Closed when a stop begins.
    Limits limits;
    std::function<int(std::vector<common::Fd>&, Control)> run_worker;  ///< Returns its exit status.
    std::function<void()> announce;                                    ///< The first worker serves.
    ServiceManager manager;
  };
  explicit Parent(Setup setup) : setup_(std::move(setup)) {}

  /// Blocks the signals that run() handles, so that early signals wait; or unblocks them.
  static void hold_signals(bool are_held = true);

  /// Returns the exit status. The process must have one thread, because run() forks.
  int run();

 private:
  struct Worker {
    /// At most one worker is starting, and at most one is serving.
    enum class State {
      starting,  ///< At `due`: killed, and an old worker goes on.
      serving,   ///< At `due`: a second look; then killed, and the daemon ends.
      leaving,   ///< At `due`: killed.
      killed     ///< At `due`: logged as a worker that doesn't end.
    };
    pid_t pid;
    Control control;
    Clock::time_point due;
    State state = State::starting;
    bool is_late = false;
    bool was_waited_for = false;  ///< Another process may have this pid by now.
    std::optional<std::size_t> clients = std::nullopt;  ///< As it reports while it leaves.
  };
  using State = Worker::State;
  enum class Phase { starting, serving, ending };

  bool is_over() const;
  void wait();
  void read_signals();
  void start();
  void reload();
  std::string reason_not_to_start() const;
  void read_word(Worker& worker);
  void note_lookup(pid_t process);
  void promote(Worker& worker, std::string_view found);
  void fail_start(std::string_view reason);
  void give_up(std::string_view reason);
  void stop(char order);
  void dismiss(Worker& worker, char order);
  void kill_worker(Worker& worker, std::string_view why = {});
  void on_deadline(Worker& worker);
  void reap();
  void note_end(std::list<Worker>::iterator worker, int status);
  Worker* find(State state);

  Setup setup_;
  common::Fd signals_;
  std::list<Worker> workers_;
  Phase phase_ = Phase::starting;
  bool is_reload_due_ = false;  ///< SIGHUP came while a worker was starting.
  Clock::time_point late_reload_ = Clock::time_point::max();  ///< See late_pause; max(): none.
  Clock::time_point no_late_reload_before_ = Clock::time_point::min();
  Clock::time_point same_stop_until_ = Clock::time_point::min();  ///< Until then, a repeated stop.
  std::size_t users_ = 0;                                         ///< Served by the newest worker.
  std::vector<pid_t> unanswered_lookups_;  ///< Processes in look.cc that still wait.
  int status_ = 0;
};

}  // namespace finger
