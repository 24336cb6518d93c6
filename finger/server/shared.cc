#include "finger/server/shared.h"

#include <utility>

namespace finger {

Shared::Shared(const Options& chosen, std::size_t connections_max, RosterPointer roster,
               AboutHomes about_homes, std::unique_ptr<Heartbeat> watched, Metrics& counted)
    : ring_server::Shared(chosen.process, connections_max),
      options(chosen),
      metrics(counted),
      homes(about_homes),
      address_limit(chosen.max_per_ip),
      rate_limit(chosen.max_rate),
      oldest_queries(chosen.process.workers),
      log_thinning(chosen.log == LogDetail::full),
      heartbeat(std::move(watched)),
      roster_(std::move(roster)) {}

RosterPointer Shared::roster() const {
  const std::scoped_lock lock(mutex_);
  return roster_;
}

void Shared::replace(RosterPointer roster) {
  const std::scoped_lock lock(mutex_);
  roster_.swap(roster);
}

}  // namespace finger
