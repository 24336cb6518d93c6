#include "finger/server/log.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "common/server/log.h"
#include "finger/server/conversation.h"

namespace finger {
namespace {

/// A query may be 1024 bytes long, and four times that when it is escaped.
constexpr std::size_t logged_bytes_max = 128;

constexpr auto failed = "failed";

/// How it has ended, in a few words that are always the same. `failed` is no client's doing.
std::string outcome_of(const Conversation& conversation, const Status& ended) {
  if (ended) return conversation.no_plan() ? "no plan" : "answered";
  const auto error = ended.error();
  const bool is_named = !text_for_peer(error).empty() || error == Error::displaced ||
                        error == Error::peer_gone || error == Error::home_timeout;
  if (is_named) return error.message();
  if (error == uring::Error::timed_out) return "timed out";
  if (error == uring::Error::cancelled) return "stopped";
  return failed;
}

/// Why, where the log is to say more than that.
std::string reason_of(const Conversation& conversation, const Status& ended) {
  const auto no_plan = conversation.no_plan();
  if (!ended) return ended.error().message();
  if (no_plan == std::errc::too_many_symbolic_link_levels) return "a symbolic link";
  if (no_plan == std::errc::cross_device_link) return "on another file system than the home";
  return no_plan.message();
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
  auto outcome = outcome_of(conversation, ended);
  ++conversation.context().counters.outcomes[outcome];
  const auto detail = conversation.context().options.log;
  if (detail == LogDetail::none || conversation.is_check()) return;
  const bool is_ours = outcome == failed;
  if (is_ours) outcome += ": " + reason_of(conversation, ended);
  if (ended && conversation.no_plan()) {
    outcome += fmt::format(" ({})", reason_of(conversation, ended));
  }
  std::string line;
  if (detail == LogDetail::full) {
    line = fmt::format("{} {} ", conversation.peer().to_string(), quoted(query));
  }
  line += fmt::format("{} {} bytes {:.1f} ms", outcome, conversation.sent_bytes(),
                      Milliseconds(conversation.age()).count());
  common::log(line, is_ours ? common::Severity::warning : common::Severity::info);
}

std::string Counters::text() const {
  auto line = fmt::format("{} accepted, {} turned away, {} checks, {} bytes sent", accepted,
                          refused, checks, sent_bytes);
  std::string_view before = ": ";
  for (const auto& [outcome, count] : outcomes) {
    line += fmt::format("{}{} {}", std::exchange(before, ", "), count, outcome);
  }
  return line;
}

}  // namespace finger
