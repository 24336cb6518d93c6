#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>

#include "finger/server/address_limit.h"
#include "finger/server/busy_homes.h"
#include "finger/server/home.h"
#include "finger/server/oldest_query.h"
#include "finger/server/options.h"
#include "finger/server/process/service_manager.h"
#include "finger/server/roster.h"
#include "finger/service/metrics.h"
#include "ring_server/loop_server.h"

namespace finger {

/// What the servers of a process find there. It outlives them.
struct Surroundings {
  Metrics& metrics;
  BusyHomes* busy;  ///< nullptr: no other process is at work in homes.
  Mounts& mounts;
  Heartbeat* heartbeat;  ///< nullptr: no watchdog wants to know.
};

/// What the servers of one process share.
class Shared : public ring_server::Shared {
 public:
  /// `connections_max` is --max-clients, or as many as there are descriptors for.
  Shared(const Options& chosen, std::size_t connections_max, RosterPointer roster,
         const Surroundings& found)
      : ring_server::Shared(chosen, connections_max),
        options(chosen),
        around(found),
        roster_(std::move(roster)) {}

  const Options& options;
  const Surroundings around;
  std::atomic<bool> retiring = false;  ///< A successor accepts.
  AddressLimit address_limit{options.max_per_ip};
  RateLimit rate_limit{options.max_rate};
  OldestQueries oldest_queries{options.workers};
  LogThinning log_thinning{options.log == LogDetail::full};

  /// The roster for conversations that begin now.
  RosterPointer roster() const {
    const std::scoped_lock lock(mutex_);
    return roster_;
  }
  void replace(RosterPointer roster) {
    const std::scoped_lock lock(mutex_);
    roster_.swap(roster);
  }

 private:
  mutable std::mutex mutex_;
  RosterPointer roster_;
};

}  // namespace finger
