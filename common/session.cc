#include "common/session.h"

namespace common {

/// The slow way, for bytes that do not begin and end with a whole message, or announce one that is
/// too long.
Result<std::size_t> EchoSession::take_pieces(ByteView received, SendBuffer& output) {
  const auto whole = reader_.whole_messages(received);
  output.append_view(received.first(whole.size_bytes));
  std::size_t completed = whole.messages;
  reader_.feed(received.subspan(whole.size_bytes));
  while (!reader_.exhausted()) {
    const auto payload = reader_.next();
    if (!payload) return std::unexpected(payload.error());
    if (!*payload) continue;  // more bytes are needed, or memory was given back
    output.append(FrameReader::with_header(**payload));
    ++completed;
  }
  return completed;
}

Status EchoSession::end_of_stream() const { return reader_.finish(); }

Result<std::size_t> DiscardSession::take(ByteView received, SendBuffer& /*output*/) {
  return received.size();
}

Status DiscardSession::end_of_stream() const { return {}; }

}  // namespace common
