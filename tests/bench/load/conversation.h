#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace load {

/// What one connection sends, and what it must get back: messages of one size, each with the number
/// of its connection and its own in its first bytes, so that no answer can be lost, doubled or
/// swapped unnoticed. A position counts the bytes since the connection began, headers included.
/// Pure, and shared by all connections.
class Conversation {
 public:
  explicit Conversation(std::uint32_t payload_bytes);

  std::size_t message_bytes() const { return message_.size(); }

  /// Writes what is at `position` and after it.
  void write(std::uint32_t connection, std::uint64_t position, std::span<std::byte> out);

  /// Whether just these bytes are due at `position`.
  bool expects(std::uint32_t connection, std::uint64_t position, std::span<const std::byte> bytes);

 private:
  /// The message at `position`, from there on, at most `size_bytes` of it.
  std::span<const std::byte> piece(std::uint32_t connection, std::uint64_t position,
                                   std::size_t size_bytes);

  std::vector<std::byte> message_;  ///< Any message, but for its numbers.
};

}  // namespace load
