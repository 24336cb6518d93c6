#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/fd.h"
#include "common/http/protocol_option.h"
#include "common/loop/connection_limit.h"
#include "common/net/address.h"
#include "common/send_buffer.h"
#include "common/server/constants.h"
#include "common/server/options.h"
#include "common/session.h"

using common::Clock;
using Time = Clock::time_point;

/// How several loops share new connections.
enum class AcceptHow : std::uint8_t { reuseport, exclusive, shared };

struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;  // in all loops together
  std::size_t workers = 1;
  AcceptHow accept = AcceptHow::reuseport;
  common::Protocol protocol = common::Protocol::echo;
};
extern Options options;

extern std::atomic<bool> stopping;  // from now on only what has arrived is answered

/// When a client's time is up, for a message or for taking answers, if it begins now.
inline Time patience_ends() {
  return Clock::now() + common::loop_read_timeout(options.read_timeout);
}

enum class State : std::uint8_t { conversing, ending, lingering };

struct Client {
  common::Permit permit;  // given back after the descriptor
  common::Fd fd;
  common::Address peer;
  std::unique_ptr<common::Session> session =
      common::make_session(options.protocol, options.max_message);
  common::SendBuffer held = {};     // the end of our answers, which the kernel had no room for
  Time deadline = patience_ends();  // for its next message, for taking some of `held`, or lingering
  State state = State::conversing;
  std::size_t unacknowledged = 0;  // bytes, when we last sent or looked
  std::uint32_t asked = 0;         // the events of its entry
  Time noted = Time::max();        // the deadline that is in the set
};

/// Takes one turn, with at most a receive and a send. Returns false to close the client.
bool advance(Client& client);

/// Takes the turn of a client whose time is up. Returns false to close the client.
bool expire(Client& client);

/// The events to wait for.
std::uint32_t interest(const Client& client);
