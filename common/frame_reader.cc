#include "common/frame_reader.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace common {
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

/// Returns the message that began in earlier input, if that is complete now. If the message was
/// returned already, frees the memory and returns next().
Result<std::optional<ByteView>> FrameReader::next_held() {
  if (held_returned_) {
    held_ = Buffer();  // frees the memory
    held_returned_ = false;
    return next();
  }
  if (!fill_until(header_bytes)) return std::nullopt;
  if (too_long(held_)) return failure(Error::too_long);
  if (!fill_until(header_bytes + std::uint64_t{payload_bytes_of(held_)})) return std::nullopt;

  held_returned_ = true;
  return ByteView(held_).subspan(header_bytes);
}

void FrameReader::keep_the_rest() {
  held_ = Buffer(input_);
  input_ = {};
}

/// Appends input to held_ until it has `size_bytes`, for which 32 bits may be too few. False if the
/// input was too short.
bool FrameReader::fill_until(std::uint64_t size_bytes) {
  if (held_.size() < size_bytes) {
    const auto moved =
        static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes - held_.size(), input_.size()));
    // Memory doubles, but never beyond the announced length, so a peer gets much memory only by
    // sending much.
    if (held_.capacity() < held_.size() + moved) {
      const std::size_t wanted = std::max(2 * held_.size(), held_.size() + moved);
      held_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(size_bytes, wanted)));
    }
    held_.append(input_.first(moved));
    input_ = input_.subspan(moved);
  }
  return held_.size() >= size_bytes;
}

Status FrameReader::finish() const {
  return inside_message() ? failure(Error::cut_short) : Status();
}

}  // namespace common
