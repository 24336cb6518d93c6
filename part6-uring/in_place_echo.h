#pragma once

#include <cstddef>
#include <cstdint>

#include "common/byte_view.h"
#include "common/frame_reader.h"
#include "common/result.h"
#include "common/send_buffer.h"
#include "common/session.h"

namespace stage {

/// Answers like common::EchoSession, and copies less: where a message is whole in the received
/// bytes, the answer is a view of them. They must stay until it is sent. What the functions promise
/// is in common/session.h. None is virtual: serve() knows the type.
class InPlaceEchoSession {
 public:
  explicit InPlaceEchoSession(std::uint32_t payload_bytes_max)
      : payload_bytes_max_(payload_bytes_max), pieces_(payload_bytes_max) {}

  common::Result<std::size_t> take(common::ByteView received, common::SendBuffer& output) {
    const WholeMessages whole = whole_messages(received);
    if (whole.size_bytes < received.size()) return take_pieces(received, whole, output);
    output.append_view(received);
    return whole.count;
  }

  common::Status end_of_stream() const { return pieces_.end_of_stream(); }
  bool inside_message() const { return inside_message_; }
  static bool finished() { return false; }

 private:
  /// At the beginning of some bytes.
  struct WholeMessages {
    std::size_t count = 0;
    std::size_t size_bytes = 0;  ///< Headers included.
  };

  WholeMessages whole_messages(common::ByteView received) const;
  common::Result<std::size_t> take_pieces(common::ByteView received, WholeMessages whole,
                                          common::SendBuffer& output);

  std::uint32_t payload_bytes_max_;
  bool inside_message_ = false;
  common::EchoSession pieces_;  ///< For what does not begin and end with a whole message.
};

/// None while a message that has begun waits for its rest. pieces_ gets a message that is too long.
inline InPlaceEchoSession::WholeMessages InPlaceEchoSession::whole_messages(
    common::ByteView received) const {
  WholeMessages whole;
  if (inside_message_) return whole;
  while (received.size() - whole.size_bytes >= common::header_bytes) {
    const std::uint32_t payload_bytes =
        common::payload_bytes_of(received.subspan(whole.size_bytes));
    const std::size_t left = received.size() - whole.size_bytes - common::header_bytes;
    if (payload_bytes > payload_bytes_max_ || payload_bytes > left) break;
    whole.size_bytes += common::header_bytes + payload_bytes;
    ++whole.count;
  }
  return whole;
}

}  // namespace stage
