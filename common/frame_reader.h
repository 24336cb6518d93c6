#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "common/buffer.h"
#include "common/byte_view.h"
#include "common/result.h"

namespace common {

/// A message is this many bytes of little-endian payload length, then the payload.
inline constexpr std::size_t header_bytes = 4;

/// Appends one message to `out`: its header, then `payload`, which must be under 4 GiB.
void append_frame(ByteView payload, Bytes& out);

/// The payload length that a header announces. Reads only the first four bytes of `header`.
inline std::uint32_t payload_bytes_of(ByteView header) {
  assert(header.size() >= header_bytes);
  const auto byte = [header](std::size_t i) { return std::to_integer<std::uint32_t>(header[i]); };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

/// Cuts a byte stream into messages, however the stream was sliced on its way.
///
/// Does no I/O: feed() it the received bytes, then call next() until it returns no more messages.
/// next() reads messages in place. Only the beginning of a message whose rest hasn't arrived is
/// copied, into memory that doubles as bytes arrive (an announced length costs nothing) and that is
/// freed by the call after the one that returned the message, unless release() gives it away. A
/// reader holds at most 2 * (4 + payload_bytes_max) bytes, and none between messages.
class FrameReader {
 public:
  explicit FrameReader(std::uint32_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  /// Takes the next bytes of the stream, which must stay in place until next() returns no message.
  void feed(ByteView received) {
    assert(input_.empty());
    input_ = received;
  }

  /// Whether a message has begun but isn't complete.
  bool inside_message() const { return !held_.empty() && !held_returned_; }

  /// The next complete payload, or nullopt if more bytes are needed. The view is good until the
  /// next call of next() or feed(), and the four bytes before it are the message's header. Error:
  /// too_long as soon as the header is known; nothing after that can be trusted.
  Result<std::optional<ByteView>> next();

  /// Whether the last message lay whole in the bytes given to feed(), rather than in a copy.
  bool was_in_place() const { return !held_returned_; }

  /// The whole message, header included, whose payload next() returned.
  static ByteView with_header(ByteView payload) {
    return {payload.data() - header_bytes, header_bytes + payload.size()};
  }

  /// Gives away the memory of the message that next() has just returned, header included. Only if
  /// it wasn't in place, and once. The view of it stays good as long as that memory.
  Buffer release() {
    assert(held_returned_);
    held_returned_ = false;
    return std::move(held_);
  }

  /// Checks whether the stream may end here. Error: cut_short inside a message.
  Status finish() const;

 private:
  bool too_long(ByteView header) const { return payload_bytes_of(header) > payload_bytes_max_; }
  Result<std::optional<ByteView>> next_held();
  void keep_the_rest();
  bool fill_until(std::uint64_t size_bytes);

  std::uint32_t payload_bytes_max_;
  ByteView input_;  ///< Bytes given to feed() that are still unread.
  Buffer held_;     ///< Copy of a message that arrived in pieces, complete or not yet; else empty.
  bool held_returned_ = false;  ///< held_ is a whole message, and the last view points into it.
};

// next() is inline, because for a message that arrived whole, a call would cost as much as the
// work.
inline Result<std::optional<ByteView>> FrameReader::next() {
  if (!held_.empty()) return next_held();

  if (input_.size() >= header_bytes) {
    if (too_long(input_)) return failure(Error::too_long);
    const std::uint32_t payload_bytes = payload_bytes_of(input_);
    // Compared without adding: in 32 bits, 4 + 0xFFFFFFFC would be 0.
    if (input_.size() - header_bytes >= payload_bytes) {
      const auto payload = input_.subspan(header_bytes, payload_bytes);
      input_ = input_.subspan(header_bytes + payload_bytes);
      return payload;
    }
  }
  if (!input_.empty()) keep_the_rest();
  return std::nullopt;
}

}  // namespace common
