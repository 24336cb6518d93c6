#pragma once

#include <cstddef>
#include <span>

#include "common/frame_reader.h"

namespace finger {

using common::ByteView;

/// Ends every line of a stream of text with CRLF, however the stream is sliced. A bare LF becomes
/// CRLF, CRLF and a CR without LF stay as they are, and a last line without an end gets one. Holds
/// only the last byte.
class CrlfConverter {
 public:
  /// A text of line feeds alone becomes twice as long.
  static constexpr std::size_t growth_max = 2;

  /// The part of a buffer to read a file into. Converted from there into the whole buffer, the
  /// bytes fit, with those of finish(). Less than half, because "a" becomes three bytes.
  static std::span<std::byte> spare_part(std::span<std::byte> buffer) {
    return buffer.last((buffer.size() - 1) / growth_max);
  }

  /// Converts the next bytes of the stream in one pass and returns how many are in `out` now. `out`
  /// must have room for growth_max times `in`, which may be its spare_part(), or the beginning of
  /// that.
  std::size_t convert(ByteView in, std::span<std::byte> out);

  /// Call it at the end of the stream. Writes the end of the last line if it lacks one, and returns
  /// the size, 0 or 2, for which `out` must have room.
  std::size_t finish(std::span<std::byte> out);

  /// Whether no byte came yet. At the end of a stream, whether it was empty.
  bool empty() const { return empty_; }

 private:
  std::byte last_{'\n'};  ///< The last byte of the stream so far.
  bool empty_ = true;
};

}  // namespace finger
