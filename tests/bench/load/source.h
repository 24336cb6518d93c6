#pragma once

#include <netinet/in.h>

#include <cstdint>

#include "common/fd.h"
#include "common/result.h"

namespace load {

/// Adds up to INADDR_ANY: the kernel chooses the address.
inline constexpr std::uint32_t source_anywhere = 0 - INADDR_LOOPBACK;

/// A TCP socket that connects from the loopback address 127.0.0.1 + `source`: to one port of one
/// server, each address has some 28000 ports of its own. `flags` as socket(2) takes them.
/// Errors: of socket(2), bind(2).
common::Result<common::Fd> socket_from(std::uint32_t source, int flags = 0);

}  // namespace load
