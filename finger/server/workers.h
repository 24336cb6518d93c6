#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>

#include "common/fd.h"
#include "finger/server/options.h"
#include "finger/server/roster.h"
#include "finger/server/server.h"
#include "finger/server/shared.h"
#include "finger/service/counters.h"
#include "finger/service/takeover.h"
#include "ring_server/worker_group.h"

namespace finger {

/// Why memory might not suffice for as many clients as may come; empty: it does.
std::string lacking_memory(const Options& options);

/// The daemon without its signals: several servers, a thread and a ring each, that share the
/// listeners and all limits.
///
///     auto workers = Workers::create(options, std::move(listeners), std::move(accepts), *roster,
///                                    prepare, parts);
///     if (!workers) { … workers.error() is a line that says why … }
///     …                        // every ring is made and prepared: rights can be given up for good
///     (*workers)->run();       // until stop() is called
class Workers {
 public:
  /// Makes the servers, each in its own thread, the first in the calling one, which must call
  /// run(). `listeners`, one at least, are closed when the last of them has stopped accepting, and
  /// with them `accepts`, which is nothing but a sign of that and may be empty. `roster` is from
  /// load_roster(). Error: a line that says what is missing, and what to do about it.
  static std::expected<std::unique_ptr<Workers>, std::string> create(
      const Options& options, Listeners listeners, common::Fd accepts, RosterPointer roster,
      const PrepareRing& prepare, ProcessParts& parts);

  /// Serves until stop() or retire() is called: see WorkerGroup.
  int run() { return worker_group_.run(); }
  void stop() { worker_group_.stop(); }

  /// Accepts no more connections, and ends run() when those that there are have left. From any
  /// thread, and from a signal handler.
  void retire();

  /// --max-clients, or as many as there are descriptors for.
  std::size_t connections_max() const { return connections_max_; }

  /// The users that the last load has found.
  UserCount users() const { return UserCount::of(shared_.roster()->accounts); }

  /// Loads the roster anew, or keeps the present one if that fails; a line in the log says which,
  /// and is returned. Counts it and the users. It may take long, and belongs in a thread of its
  /// own. Not for workers with credentials: a user who was not in the roster when the rings were
  /// prepared has no credentials in them.
  std::string reload(Generations& counted);

 private:
  Workers(const Options& options, RosterPointer roster, ProcessParts& parts);

  const std::size_t connections_max_;
  Shared shared_;
  ring_server::WorkerGroup worker_group_;  ///< The last member: its threads use the others.
};

}  // namespace finger
