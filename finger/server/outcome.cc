#include "finger/server/outcome.h"

#include <cstddef>

#include "finger/server/conversation.h"
#include "finger/server/protocol/error.h"
#include "finger/service/probes.h"

namespace finger {
namespace {

/// Where the peer is told what is wrong with the query.
ConversationOutcome outcome_of(Error error) {
  switch (error) {
    case Error::no_such_user:
      return ConversationOutcome::no_such_user;
    case Error::relay_denied:
      return ConversationOutcome::relay_denied;
    case Error::invalid_query:
      return ConversationOutcome::invalid_query;
    case Error::query_too_long:
      return ConversationOutcome::query_too_long;
    case Error::unexpected_eof:
      return ConversationOutcome::unexpected_eof;
    case Error::list_denied:
      return ConversationOutcome::list_denied;
    default:
      return ConversationOutcome::failed;
  }
}

}  // namespace

ConversationOutcome outcome_of(const Conversation& conversation, const Status& ended) {
  if (ended)
    return conversation.no_plan() ? ConversationOutcome::without_plan
                                  : ConversationOutcome::answered;
  const std::error_code error = ended.error();
  if (!text_for_peer(error).empty()) return outcome_of(static_cast<Error>(error.value()));
  if (error == Error::displaced) return ConversationOutcome::displaced;
  if (error == make_error_code(uring::Error::timed_out)) return ConversationOutcome::timed_out;
  if (error == make_error_code(uring::Error::cancelled)) return ConversationOutcome::stopped;
  return conversation.has_peer_gone() ? ConversationOutcome::gone : ConversationOutcome::failed;
}

void count_conversation(const Conversation& conversation, const Status& ended) {
  WorkerCounters& counters = conversation.context().counters;
  const auto outcome = static_cast<std::size_t>(outcome_of(conversation, ended));
  counters.outcomes[outcome].add();
  probes::ended(&conversation, outcome_names[outcome]);
  const bool answered = ended || !text_for_peer(ended.error()).empty();
  if (!answered) return;
  const auto took = conversation.age();
  counters.answer_time.add(took);
  probes::answered(took, conversation.sent_bytes());
}

}  // namespace finger
