#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/server/address.h"
#include "common/server/duration.h"

namespace finger {

/// A value, or the words for the user that say why there is none.
template <typename T>
using Outcome = std::expected<T, std::string>;
using Failure = std::unexpected<std::string>;

/// When to give up; nullopt: never.
using Deadline = std::optional<common::Clock::time_point>;

/// All addresses of a host, the best first, as getaddrinfo(3) sorts them. It is asked in a thread
/// of its own, since nothing can interrupt it: at the deadline that thread is left behind.
Outcome<std::vector<common::Address>> look_up(const std::string& host, std::uint16_t port,
                                              Deadline deadline);

/// Connects to whichever address answers first. They are tried in order; the next one when the one
/// before has failed, or has said nothing for a quarter of a second: an address family that is
/// announced and leads nowhere costs no more than that. The socket does not block.
/// Source: RFC 8305, of which this is the simple half.
Outcome<common::Fd> connect_to(std::span<const common::Address> addresses, Deadline deadline);

/// Waits until poll(2) sees the events, or an error. False: the deadline came first.
bool wait_for(int descriptor, short events, Deadline deadline);

}  // namespace finger
