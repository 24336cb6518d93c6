#include "common/escape.h"
#include "finger/server/conversation.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

#include "common/server/log.h"

namespace finger {
namespace {

/// A query may have 1024 bytes, and four times as many when escaped.
constexpr std::size_t logged_bytes_max = 128;

constexpr auto failed = "failed";

/// How the conversation ended, in a few words from a fixed set. `failed` is neither a client's
/// doing nor a user's.
std::string outcome_of(const Status& ended, std::error_code no_plan) {
  if (ended) return no_plan ? "no plan" : "answered";
  const auto error = ended.error();
  const bool is_named = !text_for_peer(error).empty() || error == Error::displaced ||
                        error == Error::stopped || error == Error::peer_gone ||
                        error == Error::home_timeout || error == Error::became_shorter;
  if (is_named) return error.message();
  if (error == uring::Error::timed_out) return "timed out";
  return failed;
}

/// Why there is no plan.
std::string reason_of(std::error_code no_plan) {
  if (no_plan == std::errc::cross_device_link) return "on a file system that is mounted there";
  return no_plan.message();
}

/// Collapses runs of blanks and drops leading ones, so that a client cannot pad its query beyond
/// the cut.
std::string without_needless_blanks(std::string_view query) {
  std::string text;
  for (const char character : query) {
    const bool is_blank = character == ' ' || character == '\t';
    if (!is_blank || !(text.empty() || text.ends_with(' ') || text.ends_with('\t'))) {
      text += character;
    }
  }
  return text;
}

/// Quotes the query, and escapes quotation marks inside, so that none ends the quotation.
std::string quoted(std::string_view query) {
  const std::string asked = without_needless_blanks(query);
  const auto shown = std::string_view(asked).substr(0, logged_bytes_max);
  std::string text = "\"";
  for (const char character : common::escape(std::as_bytes(std::span(shown)))) {
    if (character == '"') text += '\\';
    text += character;
  }
  return text + (shown.size() < asked.size() ? "\"..." : "\"");
}

}  // namespace

void Conversation::report_end(const Status& ended) const {
  auto outcome = outcome_of(ended, no_plan_);
  ++context_.counters.outcomes[outcome];
  const auto detail = context_.options.log;
  if (detail == LogDetail::none || from_proxy_itself_) return;
  const bool is_ours = outcome == failed;
  if (is_ours) outcome += ": " + ended.error().message();
  if (ended && no_plan_) outcome += fmt::format(" ({})", reason_of(no_plan_));
  std::string line;
  if (detail == LogDetail::full) line = fmt::format("{} {} ", peer_.to_string(), quoted(query_));
  const std::chrono::duration<double, std::milli> age = common::Clock::now() - accepted_at();
  line += fmt::format("{} {} bytes {:.1f} ms", outcome, sent_bytes_, age.count());
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
