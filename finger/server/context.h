#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/fd.h"
#include "common/net/address.h"
#include "finger/server/home.h"
#include "finger/server/options.h"
#include "finger/server/roster.h"
#include "finger/service/counters.h"
#include "uring/loop.h"
#include "uring/wait/canceller.h"

namespace finger {

class Conversation;

/// The server that conversations belong to.
class ConversationOwner {
 public:
  /// The roster for a conversation that begins now.
  virtual RosterPointer current_roster() const = 0;

  /// The ring's number for the credentials that open this account's plan; 0: our own.
  virtual std::uint16_t credentials_of(const Roster& roster, const Account& account) const = 0;

  /// Closes a file through the ring, without waiting: where a file comes over the network, the
  /// other side has a say in how long that takes. That, too, is an operation in the home.
  virtual void close_file(common::Fd file, std::shared_ptr<Home> home) = 0;

  /// The conversation waits for its query, until it leaves that list or ends.
  virtual void awaits_query(Conversation& /*conversation*/) {}

  /// It has left the list: its query is whole, or it has ended.
  virtual void awaits_no_query() {}

  /// A conversation that was displaced has closed its connection.
  virtual void displaced_one_left() {}

  /// Whether the log may have one more line about this peer.
  virtual bool may_log(const common::Address& /*peer*/) { return true; }

  /// A conversation ends, perhaps long after the deadline has closed its connection.
  virtual void conversation_ended() = 0;

 protected:
  ~ConversationOwner() = default;
};

/// What a conversation is given by the server that owns it. One for each ring; it outlives the
/// ring's conversations.
struct Context {
  const Options& options;
  uring::Loop& loop;
  WorkerCounters& counters;
  ConversationOwner& owner;

  /// Cancelled when a drain begins: receives of a query, and waits for a peer to close.
  uring::Canceller& receiving;
  uring::Canceller& lingering;

  Homes& homes;

  std::span<std::byte> discarded;  ///< Where bytes go that are not looked at.
};

}  // namespace finger
