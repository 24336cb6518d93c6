#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/net/address.h"
#include "common/server/duration.h"

namespace finger {

/// A value, or a message for the user that says why there is none.
template <typename T>
using Outcome = std::expected<T, std::string>;
using Failure = std::unexpected<std::string>;

/// A deadline; nullopt: none.
using DueTime = std::optional<common::Clock::time_point>;

/// All addresses of a host, of one family or, with AF_UNSPEC, of any, in the order of
/// getaddrinfo(3), the best first. The call can't be interrupted, so it runs in a separate thread,
/// which we abandon at the deadline.
Outcome<std::vector<common::Address>> look_up(const std::string& host, std::uint16_t port,
                                              int family, DueTime deadline);

/// Connects to the address that answers first. Tries the addresses in order, the next one when the
/// previous one failed or didn't answer for a quarter of a second. So an address family that is
/// announced but leads nowhere costs no more than that. If none answers, the message gives a reason
/// for each. The socket is non-blocking. Source: RFC 8305, of which this is the simple half.
Outcome<common::Fd> connect_to(std::span<const common::Address> addresses, DueTime deadline);

/// Waits until poll(2) reports the events, or an error. False if the deadline came first.
bool wait_for(int descriptor, short events, DueTime deadline);

}  // namespace finger
