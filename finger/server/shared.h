#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

#include "finger/server/address_limit.h"
#include "finger/server/busy_homes.h"
#include "finger/server/log_thinning.h"
#include "finger/server/oldest_query.h"
#include "finger/server/options.h"
#include "finger/server/process/heartbeat.h"
#include "finger/server/process/mounts.h"
#include "finger/server/rate_limit.h"
#include "finger/server/roster.h"
#include "finger/service/metrics.h"
#include "ring_server/loop_server.h"

namespace finger {

/// What is known of homes without asking them, and where it is written how many do not answer. It
/// outlives the servers.
struct AboutHomes {
  BusyHomes* busy = nullptr;
  Mounts* mounts = nullptr;
  Counter* silent = nullptr;
};

/// What the servers of one process share.
class Shared : public ring_server::Shared {
 public:
  /// `connections_max` is --max-clients, or as many as there are descriptors for.
  Shared(const Options& chosen, std::size_t connections_max, RosterPointer roster,
         AboutHomes about_homes, std::unique_ptr<Heartbeat> watched, Metrics& counted);

  const Options& options;
  Metrics& metrics;
  std::atomic<bool> retiring = false;  ///< A successor accepts.
  const AboutHomes homes;
  AddressLimit address_limit;
  RateLimit rate_limit;
  OldestQueries oldest_queries;
  LogThinning log_thinning;
  const std::unique_ptr<Heartbeat> heartbeat;  ///< Empty: no watchdog wants to know.

  /// The roster for conversations that begin now.
  RosterPointer roster() const;
  void replace(RosterPointer roster);

 private:
  mutable std::mutex mutex_;
  RosterPointer roster_;
};

}  // namespace finger
