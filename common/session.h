#pragma once

#include <cstddef>
#include <cstdint>

#include "common/frame_reader.h"
#include "common/result.h"
#include "common/send_buffer.h"

namespace common {

/// A conversation with one peer, without I/O and without a clock: received bytes in, bytes to send
/// out. Between messages a session holds no buffer. A thread, a loop or a test drives it like this:
/// - take() the received bytes, send the answers, and receive again only when the kernel has taken
///   all of them, so that memory stays bounded while a peer reads no answers;
/// - after an error or when finished(), send the remaining answers and close;
/// - call end_of_stream() when the peer has finished sending.
///
/// With --protocol, common/http/protocol_option.h chooses a server's session.
class Session {
 public:
  virtual ~Session() = default;

  /// Takes all of `received`, and appends the answers to `output`, even before an error. The
  /// answers may be a view of `received`, which must then stay in place until all is sent. Returns
  /// how many messages were completed; only a completed message renews the read timeout. Errors:
  /// too_long, malformed. Nothing after an error can be trusted; don't call take() again.
  virtual Result<std::size_t> take(ByteView received, SendBuffer& output) = 0;

  /// Checks whether the stream may end here. Error: cut_short inside a message.
  virtual Status end_of_stream() const = 0;

  /// Whether a message has begun but isn't complete.
  bool inside_message() const { return !end_of_stream(); }

  /// Whether this was the last answer: close once that is sent. take() drops any later bytes.
  bool finished() const { return finished_; }

 protected:
  bool finished_ = false;
};

/// Answers each message with the same message.
class EchoSession final : public Session {
 public:
  explicit EchoSession(std::uint32_t payload_bytes_max) : reader_(payload_bytes_max) {}

  Result<std::size_t> take(ByteView received, SendBuffer& output) override;
  Status end_of_stream() const override;

 private:
  FrameReader reader_;
};

/// Takes everything and answers nothing (RFC 863). Any byte counts as a message.
class DiscardSession final : public Session {
 public:
  Result<std::size_t> take(ByteView received, SendBuffer& output) override;
  Status end_of_stream() const override;
};

}  // namespace common
