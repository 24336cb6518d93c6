#pragma once

#include <poll.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"
#include "common/server/duration.h"
#include "finger/server/busy_homes.h"
#include "finger/server/process/service_manager.h"
#include "finger/server/roster.h"
#include "finger/server/supervision/scout.h"
#include "finger/server/supervision/worker_process_and_report.h"
#include "finger/service/counters.h"
#include "finger/service/takeover.h"

namespace finger {

/// The process that stays root when fingerd is started as root. It keeps the listening socket and
/// one worker process at work, and touches no client:
/// - SIGHUP: a fresh worker starts, which loads the roster anew. As soon as it serves, the old one
///   is sent retire_signal: it accepts no more connections, serves those that it has, and ends. The
///   service manager is told when it has stopped accepting: then every new client is served by the
///   fresh one. If that cannot serve, or takes too long to report, the old one goes on and a line
///   says so.
/// - A worker that ends by itself is replaced, at most once a second; a line says so. If the next
///   fails, too, the pauses grow, and after failures_max in a row the parent gives up.
/// - A successor takes over: the worker is sent retire_signal, and none follows it.
/// - A directory that holds homes has not answered when a worker's Scout looked, and does now: as
///   with SIGHUP.
/// - SIGUSR1: the worker that serves gets it, too, and logs what it has counted.
/// - SIGTERM, SIGINT: the worker is asked to drain, also if a successor has taken over; the second
///   time it is killed.
///
/// A file system that does not answer keeps a killed process in the kernel, which lets nobody wait
/// for it before the answer comes. The parent does not wait, either: it replaces such a worker, and
/// leaves it to init when it ends itself. While there are stuck_max of them it does not reload.
///
/// A worker whose parent has died drains, as if it had been asked to.
class Parent {
 public:
  /// Asks a worker to accept no more. Not SIGUSR1, for the same reason as below.
  static constexpr int retire_signal = SIGWINCH;

  /// Asks a worker to drain. Not SIGTERM: where that was sent to every process called fingerd, the
  /// parent's would be the worker's second, at which it ends immediately.
  static constexpr int drain_signal = SIGUSR2;

  /// So many workers may be there that a kill has not ended.
  static constexpr std::size_t stuck_max = 4;

  /// The first is followed by pauses of 1, 2, 4, 8 and 16 s.
  static constexpr int failures_max = 6;

  /// What a worker does, in a process of its own; returns its exit status.
  using Work = std::function<int(Listeners listeners, Report& report)>;

  /// How long a worker may take. Then it is killed.
  struct Limits {
    std::chrono::milliseconds start;  ///< Until it reports.
    std::chrono::milliseconds drain;  ///< Until it ends, after it was asked to.

    /// Between the starts of two, where the first has failed; more after more failures.
    std::chrono::milliseconds pause = std::chrono::seconds(1);
    std::chrono::milliseconds sound = std::chrono::seconds(10);  ///< Served so long, no failure.
  };

  /// `announce` is called once, when the first worker serves and the server that `takeover`
  /// replaces has been told so. `manager` is told of starts, reloads, the stop, a successor, and
  /// whenever a worker begins to serve or, while it serves, says that it is alive. What
  /// `generations` and `busy` have of a process that is no worker is ended, and freed. Reloads are
  /// counted in `generations`, too.
  Parent(Listeners listeners, Limits limits, Work work, std::function<void()> announce,
         ServiceManager manager, std::unique_ptr<Takeover> takeover, Generations& generations,
         BusyHomes& busy);

  /// Returns the exit status: 0, it was asked to stop, or a successor serves; 1, the first worker
  /// could not serve, or another takes over, or too many in a row have failed. Only in a process
  /// with one thread. Error: of signalfd(2).
  common::Result<int> run();

 private:
  using Clock = common::Clock;
  static constexpr auto never = Clock::time_point::max();

  using Worker = WorkerProcess;
  using State = Worker::State;

  enum class Phase {
    starting,  ///< No worker has served yet.
    serving,
    retired,  ///< A successor serves. No worker is started any more, from here on.
    stopping  ///< Asked to.
  };

  bool is_ending() const { return phase_ >= Phase::retired; }
  bool is_over() const;
  void wait();
  Clock::time_point soonest() const;
  void read(Worker& worker, const pollfd* watched);
  void start();
  int be_worker(Report& report);
  void read_signals();
  void reload();
  void hear(Worker& worker);
  void pass_on_beat();
  void promote(Worker& worker, const UserCount& found);
  void announce();
  void tell_ready();
  void fail_start(std::string_view reason);
  void give_up(std::string_view reason);
  void replace();
  void reap();
  void ended(std::list<Worker>::iterator worker, int status);
  void undo();
  void died(std::string_view line);
  void stop();
  void retire();
  void end_workers(int signal);
  void be_late(Worker& worker);
  void check_deadlines(Clock::time_point now);
  Worker* find(State state);

  Listeners listeners_;  ///< Closed when the parent is to stop: then only the worker has them.
  const Limits limits_;
  const Work work_;
  const std::function<void()> announce_;
  ServiceManager manager_;
  const std::unique_ptr<Takeover> takeover_;
  Generations& generations_;
  BusyHomes& busy_;

  common::Fd signals_;
  std::list<Worker> workers_;
  Scouts scouts_;
  Clock::time_point start_at_ = never;  ///< When to replace a worker that ended.
  Clock::time_point started_at_;
  Clock::time_point serving_since_;
  Clock::time_point next_beat_at_;  ///< Not to be passed on before.
  int failures_ = 0;                ///< In a row.
  std::string ready_status_;        ///< What the manager is to be told. Empty: it has been.
  Clock::time_point tell_at_;       ///< Then at the latest.
  std::size_t users_ = 0;           ///< Of the last. What generations_ has, a worker can write.
  bool is_reload_due_ = false;      ///< SIGHUP came while a worker started, or was refused.
  Phase phase_ = Phase::starting;
  int status_ = 0;  ///< To exit with when all have ended.
};

}  // namespace finger
