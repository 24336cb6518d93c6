#include "finger/server/conversation.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "common/server/log.h"

namespace finger {
namespace {

/// A query may be 1024 bytes long, and four times that when it is escaped.
constexpr std::size_t logged_bytes_max = 128;

constexpr std::pair<Error, Outcome> outcomes_of_errors[] = {
    {Error::no_such_user, Outcome::no_such_user},
    {Error::relay_denied, Outcome::relay_denied},
    {Error::invalid_query, Outcome::invalid_query},
    {Error::query_too_long, Outcome::query_too_long},
    {Error::unexpected_eof, Outcome::unexpected_eof},
    {Error::list_denied, Outcome::list_denied},
    {Error::query_timeout, Outcome::query_timeout},
    {Error::home_timeout, Outcome::home_timeout},
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
  return no_plan.message();
}

std::string text_of(Outcome outcome, const Conversation& conversation, const Status& ended) {
  const auto name = outcome_names[static_cast<std::size_t>(outcome)];
  if (outcome == Outcome::without_plan) {
    return fmt::format("{} ({})", name, reason(conversation.no_plan()));
  }
  if (outcome == Outcome::failed) return fmt::format("{}: {}", name, ended.error().message());
  return std::string(name);
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

}  // namespace

void report_end(const Conversation& conversation, std::string_view query, const Status& ended) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  const auto outcome = outcome_of(conversation, ended);
  ++conversation.context().counters.outcomes[static_cast<std::size_t>(outcome)];
  const auto detail = conversation.context().options.log;
  if (detail == LogDetail::none || conversation.is_check()) return;
  std::string line;
  if (detail == LogDetail::full) {
    line = fmt::format("{} {} ", conversation.peer().to_string(), quoted(query));
  }
  line += fmt::format("{} {} bytes {:.1f} ms", text_of(outcome, conversation, ended),
                      conversation.sent_bytes(), Milliseconds(conversation.age()).count());
  const bool is_ours = outcome == Outcome::failed;
  common::log(line, is_ours ? common::Severity::warning : common::Severity::info);
}

std::string Counters::text() const {
  auto line = fmt::format("{} accepted, {} turned away, {} checks, {} bytes sent", accepted,
                          refused, checks, sent_bytes);
  std::string_view before = ": ";
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] == 0) continue;
    line += fmt::format("{}{} {}", std::exchange(before, ", "), outcomes[i], outcome_names[i]);
  }
  return line;
}

}  // namespace finger
