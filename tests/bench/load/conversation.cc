#include "load/conversation.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/frame_reader.h"

namespace load {

Conversation::Conversation(std::uint32_t payload_bytes) {
  common::Bytes payload(payload_bytes);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::byte>(i * 7);
  common::append_frame(payload, message_);
}

void Conversation::write(std::uint32_t connection, std::uint64_t position,
                         std::span<std::byte> out) {
  while (!out.empty()) {
    const auto bytes = piece(connection, position, out.size());
    std::ranges::copy(bytes, out.begin());
    position += bytes.size();
    out = out.subspan(bytes.size());
  }
}

bool Conversation::expects(std::uint32_t connection, std::uint64_t position,
                           std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto due = piece(connection, position, bytes.size());
    if (std::memcmp(due.data(), bytes.data(), due.size()) != 0) return false;
    position += due.size();
    bytes = bytes.subspan(due.size());
  }
  return true;
}

std::span<const std::byte> Conversation::piece(std::uint32_t connection, std::uint64_t position,
                                               std::size_t size_bytes) {
  const std::uint64_t number = position / message_.size();
  const std::size_t offset = position % message_.size();
  const std::array stamp{connection, static_cast<std::uint32_t>(number)};
  const std::size_t payload_bytes = message_.size() - common::header_bytes;
  std::memcpy(message_.data() + common::header_bytes, stamp.data(),
              std::min(sizeof stamp, payload_bytes));
  return std::span(message_).subspan(offset, std::min(message_.size() - offset, size_bytes));
}

}  // namespace load
