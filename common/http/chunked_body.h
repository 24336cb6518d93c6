#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace common {

/// Follows a chunked body to the end and keeps no bytes. Source: RFC 9112, 7.1.
class ChunkedBody {
 public:
  /// The most bytes that a body may have in chunk extensions, blanks and trailer fields. Each byte
  /// of data after them pays one back, but none in advance. So a signature with each chunk is fine,
  /// and a body of nothing else is refused.
  static constexpr std::size_t extra_bytes_max = 8192;

  /// Takes the next bytes. Returns how many belong to the body, which is all until done(). Errors:
  /// malformed; too_long for more than extra_bytes_max.
  Result<std::size_t> take(std::string_view received);

  bool done() const { return expecting_ == Expecting::nothing; }

 private:
  enum class Expecting : std::uint8_t {
    first_digit,
    digits,
    blank,
    extension,
    size_line_feed,
    data,
    data_return,
    data_line_feed,
    trailer_line,
    trailer_name,
    trailer,
    trailer_line_feed,
    last_line_feed,
    nothing
  };

  Status take_one(char byte);
  Status take_digit(char byte);
  Status take_after_size(char byte);
  Status take_name(char byte);
  Status take_extra(char byte, Expecting at_line_end);
  Status expect(char byte, char expected, Expecting next);

  std::uint64_t data_left_ = 0;    ///< Bytes missing from this chunk, or its size so far.
  std::uint16_t extra_bytes_ = 0;  ///< Bytes other than data that no data has paid back.
  std::uint8_t digits_ = 0;
  Expecting expecting_ = Expecting::first_digit;
};

}  // namespace common
