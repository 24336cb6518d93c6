#pragma once

#include <string_view>

#include "finger/server/protocol/error.h"

namespace finger {

class Conversation;

/// Writes the conversation's line, unless its peer has had enough of them: peer, query, outcome,
/// bytes, milliseconds:
///
///     192.0.2.7:50412 "alice" answered 312 bytes 1.4 ms
///
/// With LogDetail::outcome it begins with that.
/// `query` is what was received of it; it is escaped, and cut if it is long. The outcome is
/// `answered`, `no plan` and why (`No Plan.` was the answer), what is wrong with the query, `timed
/// out`, `displaced` (by the next connection), `gone` (the peer), `stopped` (the server, before the
/// query was complete) or `failed: ` and the reason.
void log_conversation(const Conversation& conversation, std::string_view query,
                      const Status& ended);

}  // namespace finger
