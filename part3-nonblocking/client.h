#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/send_buffer.h"
#include "common/server/constants.h"
#include "common/server/options.h"
#include "common/session.h"

using common::Clock;
using Time = Clock::time_point;

struct Options : common::Options {
  std::size_t max_connections = common::default_max_connections;
};
extern Options options;

extern std::atomic<bool> stopping;  // from now on only what has arrived is answered

/// When a client's time is up, for a message or for taking answers, if it begins now.
inline Time patience_ends() {
  return Clock::now() + common::loop_read_timeout(options.read_timeout);
}

enum class State : std::uint8_t { conversing, ending, lingering };

struct Client {
  common::Fd fd;
  common::Address peer;
  common::EchoSession session{options.max_message};  // the beginning of a message
  common::SendBuffer held = {};     // the end of our answers, which the kernel had no room for
  Time deadline = patience_ends();  // for its next message, for taking some of `held`, or lingering
  State state = State::conversing;
  std::size_t unacknowledged = 0;  // bytes, when we last sent or looked
};

/// Takes one turn, with at most a receive and a send. Returns false to close the client.
bool advance(Client& client);

/// Takes the turn of a client whose time is up. Returns false to close the client.
bool expire(Client& client);
