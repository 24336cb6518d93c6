#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "common/fd.h"
#include "finger/server/options.h"
#include "finger/server/roster.h"
#include "finger/server/server.h"
#include "uring/server/worker_group.h"

namespace finger {

/// The daemon without its signals: servers, a thread and a ring each, which share the listener and
/// all limits.
///
///     auto workers = Workers::create(options, std::move(listener), *served, prepare);
///     if (!workers) { … workers.error() is a line that says why … }
///     …                        // every ring is made and prepared: rights can be given up for good
///     (*workers)->run();       // until somebody calls stop()
class Workers {
 public:
  /// Makes the servers, each in its own thread, the first in the calling one, which must call
  /// run(). `listener` is non-blocking; `served` is from load_roster(). What `prepare` is for:
  /// see PrepareRing. Error: a line that says what is missing, and what to do about it.
  static std::expected<std::unique_ptr<Workers>, std::string> create(const Options& options,
                                                                     common::Fd listener,
                                                                     RosterPointer roster,
                                                                     PrepareRing prepare = {});

  /// Serves until stop() or retire() is called. Once. Returns the exit status: 1 when one of the
  /// servers has failed, which it says on stderr, and which stops the others through the
  /// common::SignalWakeup.
  int run() { return worker_group_.run(); }

  /// Ends run() in good order. From any thread, and from a signal handler.
  void stop();

  /// Accepts nobody any more, and ends run() when all who were accepted are served. Likewise.
  void retire();

  /// Loads anew who is served, and if that fails keeps those who are; says so in a line. It may
  /// take long, and belongs in a thread of its own. Not for workers with a `prepare`: who was not
  /// there when the rings were prepared has no credentials in them.
  void reload();

 private:
  Workers(const Options& options, common::Fd listener, RosterPointer roster, PrepareRing prepare);
  std::expected<std::unique_ptr<Server>, std::string> create_server(const common::Fd& wake);

  const Options& options_;
  const PrepareRing prepare_;
  Shared shared_;
  uring::WorkerGroup<Server> worker_group_;  ///< The last: its threads use the others.
};

}  // namespace finger
