#include "finger/server/shared.h"

#include <utility>

namespace finger {

Shared::Shared(const Options& chosen, std::size_t connections_max, common::Fd listening_socket,
               RosterPointer roster, std::unique_ptr<Heartbeat> watched, uring::Metrics& counted)
    : options(chosen),
      metrics(counted),
      connection_limit(connections_max),
      address_limit(chosen.max_per_ip),
      heartbeat(std::move(watched)),
      listener_(std::move(listening_socket)),
      roster_(std::move(roster)) {}

RosterPointer Shared::roster() const {
  const std::scoped_lock lock(mutex_);
  return roster_;
}

void Shared::replace(RosterPointer roster) {
  const std::scoped_lock lock(mutex_);
  roster_.swap(roster);
}

void Shared::end_accepting() {
  if (--accepting_ == 0) listener_ = common::Fd();
}

}  // namespace finger
