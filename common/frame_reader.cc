#include "common/frame_reader.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace common {
namespace {

std::uint32_t load_le32(ByteView bytes) {
  assert(bytes.size() >= header_bytes);
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < header_bytes; ++i) {
    value |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
  }
  return value;
}

}  // namespace

void append_frame(ByteView payload, Bytes& out) {
  assert(payload.size() <= std::numeric_limits<std::uint32_t>::max());
  const auto payload_bytes = static_cast<std::uint32_t>(payload.size());
  std::byte header[header_bytes];
  for (std::size_t i = 0; i < header_bytes; ++i) {
    header[i] = static_cast<std::byte>(payload_bytes >> (8 * i));
  }
  out.insert(out.end(), header, header + header_bytes);
  out.insert(out.end(), payload.begin(), payload.end());
}

void FrameReader::lend(ByteView received) {
  assert(lent_.empty());
  lent_ = received;
}

Result<std::optional<ByteView>> FrameReader::next() {
  if (!completed_.empty()) completed_ = Bytes();  // gives the memory back
  if (begun_.empty()) return next_in_place();

  if (!fill_until(header_bytes)) return std::nullopt;
  const std::uint32_t payload_bytes = load_le32(begun_);
  if (payload_bytes > payload_bytes_max_) return failure(Error::too_long);
  // A size_t sum: in 32 bits, header + 0xFFFFFFFC would be 0.
  if (!fill_until(header_bytes + std::size_t{payload_bytes})) return std::nullopt;

  completed_ = std::exchange(begun_, Bytes());
  return ByteView(completed_).subspan(header_bytes);
}

Result<std::optional<ByteView>> FrameReader::next_in_place() {
  if (lent_.size() >= header_bytes) {
    const std::uint32_t payload_bytes = load_le32(lent_);
    if (payload_bytes > payload_bytes_max_) return failure(Error::too_long);
    if (lent_.size() - header_bytes >= payload_bytes) {
      const auto payload = lent_.subspan(header_bytes, payload_bytes);
      lent_ = lent_.subspan(header_bytes + payload_bytes);
      return payload;
    }
  }
  begun_.assign(lent_.begin(), lent_.end());
  lent_ = {};
  return std::nullopt;
}

/// Moves lent bytes behind those of the begun message until it has `size_bytes`. False: still
/// short.
bool FrameReader::fill_until(std::size_t size_bytes) {
  if (begun_.size() < size_bytes) {
    const std::size_t moved = std::min(size_bytes - begun_.size(), lent_.size());
    begun_.insert(begun_.end(), lent_.begin(), lent_.begin() + static_cast<std::ptrdiff_t>(moved));
    lent_ = lent_.subspan(moved);
  }
  return begun_.size() >= size_bytes;
}

Status FrameReader::finish() const { return begun_.empty() ? Status() : failure(Error::cut_short); }

}  // namespace common
