#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

#include "common/fd.h"
#include "common/loop/connection_limit.h"
#include "finger/server/options.h"
#include "finger/server/process/address_limit.h"
#include "finger/server/process/heartbeat.h"
#include "finger/server/roster.h"
#include "ring_server/metrics.h"

namespace finger {

/// What the servers of one process share.
class Shared {
 public:
  /// `connections_max` is --max-clients, or as many as there are descriptors for.
  Shared(const Options& chosen, std::size_t connections_max, common::Fd listening_socket,
         RosterPointer roster, std::unique_ptr<Heartbeat> watched, uring::Metrics& counted);

  const Options& options;
  uring::Metrics& metrics;
  common::ConnectionLimit connection_limit;
  AddressLimit address_limit;
  const std::unique_ptr<Heartbeat> heartbeat;  ///< Empty: no watchdog wants to know.
  std::atomic<bool> stopping = false;
  std::atomic<bool> retiring = false;

  /// The roster for conversations that begin now.
  RosterPointer roster() const;
  void replace(RosterPointer roster);

  /// One for all of them, non-blocking.
  const common::Fd& listener() const { return listener_; }

  /// A server accepts connections, or has stopped doing so. When the last one has stopped, the
  /// listener is closed, and the kernel turns away what waits in the backlog.
  void begin_accepting() { ++accepting_; }
  void end_accepting();

 private:
  common::Fd listener_;
  std::atomic<std::size_t> accepting_ = 0;
  mutable std::mutex mutex_;
  RosterPointer roster_;
};

}  // namespace finger
