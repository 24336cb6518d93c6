#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace common {

/// Follows a chunked body to its end and keeps nothing of it. Source: RFC 9112, 7.1.
class ChunkedBody {
 public:
  /// How many bytes a body may spend on chunk extensions, blanks and trailer fields. Each byte of
  /// data after them pays one back, none in advance: a signature with each chunk is fine, and a
  /// body that is nothing else ends.
  static constexpr std::size_t extra_bytes_max = 8192;

  /// Takes the bytes that come next. Returns how many of them belong to the body: all of them,
  /// until it is done().
  /// Errors: malformed; too_long for more than extra_bytes_max.
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

  std::uint64_t data_left_ = 0;    ///< What this chunk lacks; while its size is read: that.
  std::uint16_t extra_bytes_ = 0;  ///< Bytes besides data that no data has paid back.
  std::uint8_t digits_ = 0;
  Expecting expecting_ = Expecting::first_digit;
};

}  // namespace common
