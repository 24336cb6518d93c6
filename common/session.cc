#include "common/session.h"

#include "common/server/options.h"

namespace common {

/// With a message at its beginning or its end that was cut, or is too long.
Result<std::size_t> EchoSession::take_pieces(ByteView received, SendBuffer& answers) {
  const auto whole = reader_.whole_messages(received);
  answers.append_view(received.first(whole.size_bytes));
  std::size_t completed = whole.messages;
  for (reader_.feed(received.subspan(whole.size_bytes)); !reader_.exhausted();) {
    const auto payload = reader_.next();
    if (!payload) return std::unexpected(payload.error());
    if (!*payload) continue;
    answers.append(FrameReader::with_header(**payload));
    ++completed;
  }
  return completed;
}

Status EchoSession::end_of_stream() const { return reader_.finish(); }

Result<std::size_t> DiscardSession::take(ByteView received, SendBuffer& /*answers*/) {
  return received.size();
}

Status DiscardSession::end_of_stream() const { return {}; }

std::unique_ptr<Session> make_echo_session(const Options& options) {
  return std::make_unique<EchoSession>(options.max_message);
}

}  // namespace common
