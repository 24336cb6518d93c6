#include "common/session.h"

#include "common/options.h"

namespace common {

Result<std::size_t> EchoSession::take(ByteView received, Answers& answers) {
  const bool begun_before = reader_.inside_message();
  std::size_t completed = 0;
  for (reader_.lend(received); !reader_.used_up();) {
    const auto payload = reader_.next();
    if (!payload) return std::unexpected(payload.error());
    if (!*payload) continue;

    const auto message = FrameReader::with_header(**payload);
    if (begun_before && completed == 0) {
      answers.append(message);  // it does not stand in `received`, and not for long
    } else {
      answers.pass_on(message);
    }
    ++completed;
  }
  return completed;
}

Status EchoSession::end_of_stream() const { return reader_.finish(); }

Result<std::size_t> DiscardSession::take(ByteView received, Answers& /*answers*/) {
  return received.size();
}

Status DiscardSession::end_of_stream() const { return {}; }

std::unique_ptr<Session> make_echo_session(const Options& options) {
  return std::make_unique<EchoSession>(options.max_message);
}

}  // namespace common
