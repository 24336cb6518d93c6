#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/byte_view.h"
#include "common/result.h"

namespace common {

/// A message is this many bytes of little-endian payload length, then the payload.
inline constexpr std::size_t header_bytes = 4;

/// Appends one message to `out`: its header, then `payload`, which must be under 4 GiB.
void append_frame(ByteView payload, Bytes& out);

/// What a header announces. Only its four bytes are looked at, whatever follows them.
inline std::uint32_t payload_bytes_of(ByteView header) {
  assert(header.size() >= header_bytes);
  const auto byte = [header](std::size_t i) { return std::to_integer<std::uint32_t>(header[i]); };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

/// Cuts a byte stream into messages, however the stream was sliced on its way.
///
/// Does no I/O: feed() it the bytes that came, then call next() until it has no more. next() reads
/// them in place; only the beginning of a message whose rest has not arrived is copied, into memory
/// that grows by doubling as bytes arrive (an announced length costs nothing) and that is given
/// back when the message was returned. A reader holds at most 2 * (4 + payload_bytes_max) bytes,
/// and none between messages.
class FrameReader {
 public:
  explicit FrameReader(std::uint32_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  /// The next bytes of the stream. They must stay in place until next() returns no message.
  void feed(ByteView received) {
    assert(input_.empty());
    input_ = received;
  }

  /// Whether a message has begun and is not complete.
  bool inside_message() const { return !held_.empty() && !held_returned_; }

  /// The next complete payload, or nullopt: the input is used up, more bytes are needed. The view
  /// is good until the next call of next() or feed(). The four bytes before it are its header.
  /// Error: too_long as soon as the four bytes are known; nothing after it can be trusted.
  Result<std::optional<ByteView>> next();

  /// Whether the last message was whole in the bytes that feed() was given. Else it is in a copy.
  bool was_in_place() const { return !held_returned_; }

  /// The whole message, header included, that next() returned the payload of.
  static ByteView with_header(ByteView payload) {
    return {payload.data() - header_bytes, header_bytes + payload.size()};
  }

  /// The stream has ended: fine between messages, cut_short inside one.
  Status finish() const;

 private:
  bool too_long(ByteView header) const { return payload_bytes_of(header) > payload_bytes_max_; }
  Result<std::optional<ByteView>> next_held();
  void keep_the_rest();
  bool fill_until(std::uint64_t size_bytes);

  std::uint32_t payload_bytes_max_;
  ByteView input_;  ///< What is left of the bytes that feed() was given.
  Bytes held_;      ///< Empty, or a copy of a message that was cut: its beginning, or all of it.
  bool held_returned_ = false;  ///< held_ is a whole message, and the last view points into it.
};

// next() is here and not in the .cc file: for a message that is whole, a call would cost as much as
// the work.
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
