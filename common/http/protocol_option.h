#pragma once

#include <cstdint>
#include <memory>

#include "common/server/options.h"
#include "common/session.h"

namespace common {

/// The values of --protocol.
enum class Protocol { echo, discard, http };

OptionLine protocol_option(Protocol& target);

/// Creates a session of this protocol.
std::unique_ptr<Session> make_session(Protocol protocol, std::uint32_t max_message);

}  // namespace common
