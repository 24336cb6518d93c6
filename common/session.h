#pragma once

#include <cstddef>
#include <cstdint>

#include "common/frame_reader.h"
#include "common/result.h"
#include "common/send_buffer.h"

namespace common {

/// A conversation with one peer, without I/O and without a clock: received bytes in, bytes to send
/// out. What moves the bytes (a thread, a loop, a test) drives it like this:
/// - take() what was received, send what it answered, and receive again only when the kernel has
///   taken all of that: so memory stays bounded while a peer reads no answers;
/// - after an error or when finished(), send the answers that are left and close;
/// - call end_of_stream() when the peer has finished sending.
/// A session that waits for the beginning of a message holds no buffer. Which session a server has
/// is chosen in common/http/protocol_option.h.
class Session {
 public:
  virtual ~Session() = default;

  /// Takes all of `received`, and appends the answers to `output`, also when it ends in an error.
  /// They may be a view of `received`, which then has to stay until they are sent.
  /// Returns how many messages these bytes completed: only that renews the read timeout.
  /// Errors: too_long, malformed. Nothing after them can be trusted; take() is not called again.
  virtual Result<std::size_t> take(ByteView received, SendBuffer& output) = 0;

  /// The peer has ended its stream. Error: cut_short inside a message.
  virtual Status end_of_stream() const = 0;

  /// Whether a message has begun and is not complete.
  bool inside_message() const { return !end_of_stream(); }

  /// Whether it has given its last answer: close when that has been sent. take() drops what comes
  /// later.
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

/// Takes everything, answers nothing (RFC 863). Any byte counts as a message.
class DiscardSession final : public Session {
 public:
  Result<std::size_t> take(ByteView received, SendBuffer& output) override;
  Status end_of_stream() const override;
};

}  // namespace common
