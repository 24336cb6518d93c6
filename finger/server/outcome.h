#pragma once

#include <string_view>

#include "finger/server/protocol/error.h"

namespace finger {

class Conversation;

/// How a conversation ends. `failed` is no client's doing.
enum class ConversationOutcome {
  answered,
  without_plan,
  no_such_user,
  relay_denied,
  invalid_query,
  query_too_long,
  unexpected_eof,
  list_denied,
  timed_out,
  displaced,  ///< Before the query was complete: another connection has the place.
  stopped,    ///< We were, before the query was complete.
  gone,       ///< The peer is.
  failed,
};

/// For the metrics, in that order.
inline constexpr std::string_view outcome_names[] = {
    "answered",       "no_plan",        "no_such_user", "relay_denied", "invalid_query",
    "query_too_long", "unexpected_eof", "list_denied",  "timed_out",    "displaced",
    "stopped",        "gone",           "failed"};

ConversationOutcome outcome_of(const Conversation& conversation, const Status& ended);

/// Adds it to the counters of its worker, with the time that it has taken if there was an answer.
void count_conversation(const Conversation& conversation, const Status& ended);

}  // namespace finger
