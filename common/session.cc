#include "common/session.h"

namespace common {

Result<std::size_t> EchoSession::take(ByteView received, SendBuffer& output) {
  reader_.feed(received);
  for (std::size_t completed = 0;; ++completed) {
    const auto payload = reader_.next();
    if (!payload) return std::unexpected(payload.error());
    if (!*payload) return completed;  // more bytes are needed
    if (reader_.was_in_place()) {
      output.append_view(FrameReader::with_header(**payload));
    } else {
      output.append_owned(reader_.release());
    }
  }
}

Status EchoSession::end_of_stream() const { return reader_.finish(); }

Result<std::size_t> DiscardSession::take(ByteView received, SendBuffer& /*output*/) {
  return received.size();
}

Status DiscardSession::end_of_stream() const { return {}; }

}  // namespace common
