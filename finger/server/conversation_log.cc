#include "finger/server/conversation.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "common/server/log.h"
#include "finger/service/probes.h"

namespace finger {
namespace {

using Outcome = ConversationOutcome;

/// A query may be 1024 bytes long, and four times that when it is escaped.
constexpr std::size_t logged_bytes_max = 128;

constexpr std::pair<Error, Outcome> outcomes_of_errors[] = {
    {Error::no_such_user, Outcome::no_such_user},
    {Error::relay_denied, Outcome::relay_denied},
    {Error::invalid_query, Outcome::invalid_query},
    {Error::query_too_long, Outcome::query_too_long},
    {Error::unexpected_eof, Outcome::unexpected_eof},
    {Error::list_denied, Outcome::list_denied},
    {Error::displaced, Outcome::displaced}};

Outcome outcome_of(const Conversation& conversation, const Status& ended) {
  if (ended) return conversation.no_plan() ? Outcome::without_plan : Outcome::answered;
  for (const auto& [error, outcome] : outcomes_of_errors) {
    if (ended.error() == error) return outcome;
  }
  if (ended.error() == uring::Error::timed_out) return Outcome::timed_out;
  if (ended.error() == uring::Error::cancelled) return Outcome::stopped;
  return conversation.has_peer_gone() ? Outcome::gone : Outcome::failed;
}

/// In words that name what was found there, where those of the errno do not.
std::string reason(std::error_code no_plan) {
  if (no_plan == std::errc::too_many_symbolic_link_levels) return "a symbolic link";
  if (no_plan == std::errc::cross_device_link) return "on another file system than the home";
  if (no_plan == std::errc::resource_unavailable_try_again) return "its owner has a lease on it";
  return no_plan.message();
}

std::string text_of(Outcome outcome, const Conversation& conversation, const Status& ended) {
  switch (outcome) {
    case Outcome::without_plan:
      return fmt::format("no plan ({})", reason(conversation.no_plan()));
    case Outcome::timed_out:
      return "timed out";
    case Outcome::answered:
    case Outcome::displaced:
    case Outcome::stopped:
    case Outcome::gone:
      return std::string(outcome_names[static_cast<std::size_t>(outcome)]);
    case Outcome::failed:
      return fmt::format("failed: {}", ended.error().message());
    default:
      return ended.error().message();  // what the peer was told
  }
}

/// In quotation marks, with those inside escaped: the query cannot end its quotation.
std::string quoted(std::string_view query) {
  const auto shown = query.substr(0, logged_bytes_max);
  std::string text = "\"";
  for (const char character : common::escape(std::as_bytes(std::span(shown)))) {
    if (character == '"') text += '\\';
    text += character;
  }
  return text + (shown.size() < query.size() ? "\"..." : "\"");
}

void count(const Conversation& conversation, Outcome outcome, const Status& ended) {
  WorkerCounters& counters = conversation.context().counters;
  const auto i = static_cast<std::size_t>(outcome);
  counters.outcomes[i].add();
  probes::ended(&conversation, outcome_names[i]);
  const bool answered = ended || !text_for_peer(ended.error()).empty();
  if (!answered) return;
  const auto took = conversation.age();
  counters.answer_time.add(took);
  probes::answered(took, conversation.sent_bytes());
}

}  // namespace

void report_end(const Conversation& conversation, std::string_view query, const Status& ended) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  const auto outcome = outcome_of(conversation, ended);
  count(conversation, outcome, ended);
  const auto detail = conversation.context().options.log;
  if (detail == LogDetail::none) return;
  if (!conversation.context().owner.may_log(conversation.peer())) return;
  std::string line;
  if (detail == LogDetail::full) {
    line = fmt::format("{} {} ", conversation.peer().to_string(), quoted(query));
  }
  line += fmt::format("{} {} bytes {:.1f} ms", text_of(outcome, conversation, ended),
                      conversation.sent_bytes(), Milliseconds(conversation.age()).count());
  const bool is_ours = outcome == Outcome::failed;
  common::log(line, is_ours ? common::Severity::warning : common::Severity::info);
}

}  // namespace finger
