#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "common/frame_reader.h"

namespace load {

/// The bytes that one connection sends and must get back: messages of one size, each with its
/// connection's and its own number in its first bytes, so that we notice a lost, doubled or swapped
/// answer. A position counts the bytes since the connection began, headers included.
/// Pure, and shared by all connections.
class Conversation {
 public:
  explicit Conversation(std::uint32_t payload_bytes) {
    common::Bytes payload(payload_bytes);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::byte>(i * 7);
    common::append_frame(payload, message_);
  }

  std::size_t message_bytes() const { return message_.size(); }

  /// Writes the bytes from `position` on.
  void write(std::uint32_t connection, std::uint64_t position, std::span<std::byte> out) {
    while (!out.empty()) {
      const auto bytes = piece(connection, position, out.size());
      std::ranges::copy(bytes, out.begin());
      position += bytes.size();
      out = out.subspan(bytes.size());
    }
  }

  /// Whether just these bytes are due at `position`.
  bool expects(std::uint32_t connection, std::uint64_t position, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto due = piece(connection, position, bytes.size());
      if (std::memcmp(due.data(), bytes.data(), due.size()) != 0) return false;
      position += due.size();
      bytes = bytes.subspan(due.size());
    }
    return true;
  }

 private:
  /// The message at `position`, from there on, at most `size_bytes` of it.
  std::span<const std::byte> piece(std::uint32_t connection, std::uint64_t position,
                                   std::size_t size_bytes) {
    const std::uint64_t number = position / message_.size();
    const std::size_t offset = position % message_.size();
    const std::array stamp{connection, static_cast<std::uint32_t>(number)};
    const std::size_t payload_bytes = message_.size() - common::header_bytes;
    std::memcpy(message_.data() + common::header_bytes, stamp.data(),
                std::min(sizeof stamp, payload_bytes));
    return std::span(message_).subspan(offset, std::min(message_.size() - offset, size_bytes));
  }

  common::Bytes message_;  ///< Any message, except its numbers.
};

}  // namespace load
