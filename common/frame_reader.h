#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/result.h"

namespace common {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

/// A message is this many bytes of little-endian payload length, then the payload.
inline constexpr std::size_t header_bytes = 4;

/// Appends one message to `out`: its header, then `payload`, which must be under 4 GiB.
void append_frame(ByteView payload, Bytes& out);

/// Cuts a byte stream into messages, however the stream was sliced on its way.
///
/// Does no I/O: lend() it the bytes that came, then call next() until it has no more. What it is
/// lent is read in place; only the beginning of a message whose rest has not arrived is copied,
/// into memory that grows by doubling as bytes arrive (an announced length costs nothing) and that
/// is given back when the message was returned. It holds at most 2 * (4 + payload_bytes_max) bytes,
/// and none between messages.
class FrameReader {
 public:
  explicit FrameReader(std::uint32_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  /// Lends the next bytes of the stream. They must stay until next() returned no message.
  void lend(ByteView received);

  /// The next complete payload, or nullopt: all that was lent is used up, more bytes are needed.
  /// The view is good until the next call of next() or lend().
  /// Error: too_long as soon as the four bytes are known; nothing after it can be trusted.
  Result<std::optional<ByteView>> next();

  /// The stream has ended: fine between messages, cut_short inside one.
  Status finish() const;

 private:
  Result<std::optional<ByteView>> next_in_place();
  bool fill_until(std::size_t size_bytes);

  std::uint32_t payload_bytes_max_;
  ByteView lent_;    ///< What was lent and is not used up.
  Bytes begun_;      ///< The beginning of a message: some bytes of its header, or all and more.
  Bytes completed_;  ///< What the last view points into, if not into the lent bytes.
};

}  // namespace common
