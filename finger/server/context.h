#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/server/duration.h"
#include "finger/server/home.h"
#include "finger/server/options.h"
#include "finger/server/roster.h"
#include "ring_server/counters.h"
#include "uring/loop.h"
#include "uring/wait/canceller.h"

namespace finger {

/// What a conversation is given by the server that owns it. One for each ring; it outlives the
/// ring's conversations.
struct Context {
  const Options& options;
  uring::Loop& loop;
  uring::WorkerCounters& counters;

  /// Cancelled when a drain begins: receives of a query, and waits for a peer to close.
  uring::Canceller& receiving;
  uring::Canceller& lingering;

  Homes& homes;

  std::span<std::byte> discarded;  ///< Where bytes go that are not looked at.

  std::function<RosterPointer()> current_roster;

  /// The ring's number for the credentials that open this account's plan; 0: our own.
  std::function<std::uint16_t(const Roster& roster, const Account& account)> credentials_of;

  /// Closes a file through the ring, without waiting: where a file comes over the network, the
  /// other side has a say in how long that takes.
  std::function<void(common::Fd file)> close_file;

  /// The connection is closed: its slot is free.
  std::function<void(const common::Address& peer)> connection_closed;

  /// A conversation ends, perhaps long after the deadline has closed its connection.
  std::function<void()> conversation_ended;
};

}  // namespace finger
