#include "common/session.h"

#include "common/options.h"

namespace common {

Result<std::size_t> EchoSession::take(ByteView received, Bytes& answers) {
  reader_.lend(received);
  std::size_t completed = 0;
  while (true) {
    const auto payload = reader_.next();
    if (!payload) return std::unexpected(payload.error());
    if (!*payload) return completed;
    append_frame(**payload, answers);
    ++completed;
  }
}

Status EchoSession::end_of_stream() const { return reader_.finish(); }

Result<std::size_t> DiscardSession::take(ByteView received, Bytes& /*answers*/) {
  return received.size();
}

Status DiscardSession::end_of_stream() const { return {}; }

std::unique_ptr<Session> make_echo_session(const Options& options) {
  return std::make_unique<EchoSession>(options.max_message);
}

}  // namespace common
