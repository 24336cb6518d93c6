#include "finger/server/conversation_log.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>

#include "common/server/log.h"
#include "finger/server/conversation.h"
#include "finger/server/outcome.h"

namespace finger {
namespace {

/// A query may be 1024 bytes long, and four times that when it is escaped.
constexpr std::size_t logged_bytes_max = 128;

/// In words that name what was found there, where those of the errno do not.
std::string reason(std::error_code no_plan) {
  if (no_plan == std::errc::too_many_symbolic_link_levels) return "a symbolic link";
  if (no_plan == std::errc::cross_device_link) return "on another file system than the home";
  if (no_plan == std::errc::resource_unavailable_try_again) return "its owner has a lease on it";
  return no_plan.message();
}

std::string text_of(ConversationOutcome outcome, const Conversation& conversation,
                    const Status& ended) {
  switch (outcome) {
    case ConversationOutcome::answered:
      return "answered";
    case ConversationOutcome::without_plan:
      return fmt::format("no plan ({})", reason(conversation.no_plan()));
    case ConversationOutcome::timed_out:
      return "timed out";
    case ConversationOutcome::displaced:
      return "displaced";
    case ConversationOutcome::stopped:
      return "stopped";
    case ConversationOutcome::gone:
      return "gone";
    case ConversationOutcome::failed:
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

}  // namespace

void log_conversation(const Conversation& conversation, std::string_view query,
                      const Status& ended) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  if (!conversation.context().owner.may_log(conversation.peer())) return;
  const auto outcome = outcome_of(conversation, ended);
  std::string line;
  if (conversation.context().options.log == LogDetail::full) {
    line = fmt::format("{} {} ", conversation.peer().to_string(), quoted(query));
  }
  line += fmt::format("{} {} bytes {:.1f} ms", text_of(outcome, conversation, ended),
                      conversation.sent_bytes(), Milliseconds(conversation.age()).count());
  const bool is_ours = outcome == ConversationOutcome::failed;
  common::log(line, is_ours ? common::Severity::warning : common::Severity::info);
}

}  // namespace finger
