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

/// The process that keeps the listening sockets, and root where it was started as root. The parent
/// talks to no client. It starts a worker, which serves; at SIGHUP another, which replaces the one
/// before as soon as it serves; at SIGTERM it lets them drain, and at SIGQUIT it lets them serve
/// the clients that are connected; the second time it kills them.
///
/// A worker that dies, or does not say for a while that its loop turns, ends the daemon with 1:
/// what has started it starts it anew, with its memory laid out anew. An intruder who makes a
/// worker crash again and again finds another layout each time; and there is no state that a worker
/// could leave to the next.
class Parent {
 public:
  using Clock = common::Clock;

  /// How long a worker may take. Then it is killed.
  struct Limits {
    Clock::duration start = std::chrono::seconds(30);       ///< Until it serves.
    Clock::duration silence = std::chrono::seconds(10);     ///< Between two signs of life.
    Clock::duration second_look = std::chrono::seconds(2);  ///< After a silence: it may be ours.
    Clock::duration drain;                                  ///< Until it ends, asked to.

    /// From one reload for a directory that has answered late to the next: one that is slow, and
    /// not dead, is late each time.
    Clock::duration late_pause = std::chrono::minutes(1);
  };

  /// Workers that were killed and do not end, since they are in homes that hang, and processes that
  /// look at directories which do not answer: with more of either, no worker is started.
  static constexpr std::size_t killed_max = 4;
  static constexpr std::size_t lookups_max = 8;

  struct Setup {
    std::vector<common::Fd> listeners;  ///< Closed when the daemon is to end.
    Limits limits;
    std::function<int(std::vector<common::Fd>&, Control)> run_worker;  ///< Its exit status.
    std::function<void()> announce;                                    ///< The first one serves.
    ServiceManager manager;
  };
  explicit Parent(Setup setup) : setup_(std::move(setup)) {}

  /// Signals that come before run() wait for it; or wait no longer.
  static void hold_signals(bool are_held = true);

  /// Returns the exit status. Only in a process with one thread.
  int run();

 private:
  struct Worker {
    /// At most one is starting, and at most one serves.
    enum class State {
      starting,  ///< Due: killed, and the one before goes on.
      serving,   ///< Due: a second look; then killed, and the daemon ends.
      leaving,   ///< Due: killed.
      killed     ///< Due: the log says that it does not end.
    };
    pid_t pid;
    Control control;
    Clock::time_point due;
    State state = State::starting;
    bool is_late = false;
    bool was_waited_for = false;  ///< The process has ended: its number may be another's.
    std::optional<std::size_t> clients = std::nullopt;  ///< The worker's word, while it leaves.
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
  bool is_reload_due_ = false;  ///< SIGHUP came while a worker started.
  Clock::time_point late_reload_ = Clock::time_point::max();  ///< When the next is due, if one is.
  Clock::time_point no_late_reload_before_ = Clock::time_point::min();
  Clock::time_point same_stop_until_ = Clock::time_point::min();
  std::size_t users_ = 0;                  ///< Users that the last one serves.
  std::vector<pid_t> unanswered_lookups_;  ///< At directories that have not answered: look.cc.
  int status_ = 0;
};

}  // namespace finger
