#include "common/http/chunked_body.h"

#include <algorithm>
#include <charconv>

namespace common {

Result<std::size_t> ChunkedBody::take(std::string_view received) {
  std::size_t used = 0;
  while (used < received.size() && !done()) {
    if (expecting_ == Expecting::data) {
      const auto taken = std::min<std::uint64_t>(data_left_, received.size() - used);
      used += static_cast<std::size_t>(taken);
      data_left_ -= taken;
      extra_bytes_ -= static_cast<std::uint16_t>(std::min<std::uint64_t>(extra_bytes_, taken));
      if (data_left_ == 0) expecting_ = Expecting::data_return;
    } else {
      if (const auto taken = take_one(received[used]); !taken) {
        return std::unexpected(taken.error());
      }
      ++used;
    }
  }
  return used;
}

Status ChunkedBody::take_one(char byte) {
  switch (expecting_) {
    case Expecting::first_digit:
      data_left_ = 0;
      digits_ = 0;
      expecting_ = Expecting::digits;
      return take_digit(byte);
    case Expecting::digits:
      if (byte == '\r' || byte == ';' || byte == ' ' || byte == '\t') return take_after_size(byte);
      return take_digit(byte);
    case Expecting::blank:
      return take_after_size(byte);
    case Expecting::extension:
      return take_extra(byte, Expecting::size_line_feed);
    case Expecting::size_line_feed:
      return expect(byte, '\n', data_left_ > 0 ? Expecting::data : Expecting::trailer_line);
    case Expecting::data_return:
      return expect(byte, '\r', Expecting::data_line_feed);
    case Expecting::data_line_feed:
      return expect(byte, '\n', Expecting::first_digit);
    case Expecting::trailer_line:
      if (byte == '\r') return take_extra(byte, Expecting::last_line_feed);
      expecting_ = Expecting::trailer_name;
      return byte == ':' ? failure(Error::malformed) : take_name(byte);
    case Expecting::trailer_name:
      return take_name(byte);
    case Expecting::trailer:
      return take_extra(byte, Expecting::trailer_line_feed);
    case Expecting::trailer_line_feed:
      return expect(byte, '\n', Expecting::trailer_line);
    case Expecting::last_line_feed:
      return expect(byte, '\n', Expecting::nothing);
    case Expecting::data:
    case Expecting::nothing:
      break;
  }
  return {};
}

Status ChunkedBody::take_digit(char byte) {
  constexpr int digits_max = 16;  // 64 bits
  unsigned value = 0;
  const auto [end, error] = std::from_chars(&byte, &byte + 1, value, 16);
  if (error != std::errc() || ++digits_ > digits_max) return failure(Error::malformed);
  data_left_ = data_left_ << 4 | value;
  return {};
}

/// Takes a byte after the size: a blank, the `;` of an extension, or the line's end. RFC 9112,
/// 7.1.1
Status ChunkedBody::take_after_size(char byte) {
  const bool blank = byte == ' ' || byte == '\t';
  if (!blank && byte != ';' && byte != '\r') return failure(Error::malformed);
  expecting_ = blank ? Expecting::blank : Expecting::extension;
  return take_extra(byte, Expecting::size_line_feed);
}

/// Takes a byte of a trailer field's name, or the colon after it. A line without a colon isn't a
/// field, but may be the next request of a client that left out the trailer's end. RFC 9110, 5.6.2
Status ChunkedBody::take_name(char byte) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
  const bool is_digit = byte >= '0' && byte <= '9';
  if (byte == ':') {
    expecting_ = Expecting::trailer;
  } else if (!is_letter && !is_digit && marks.find(byte) == std::string_view::npos) {
    return failure(Error::malformed);
  }
  return take_extra(byte, Expecting::nothing);
}

/// Takes a byte of an extension or a trailer field, up to the line's end. We ignore the content,
/// but refuse a lone CR or LF, because a proxy that forwarded this may have seen a line's end
/// there, and the body's end elsewhere.
Status ChunkedBody::take_extra(char byte, Expecting at_line_end) {
  if (byte == '\r') {
    expecting_ = at_line_end;
    return {};
  }
  const auto code = static_cast<unsigned char>(byte);  // char is signed on some processors only
  if ((code < ' ' && byte != '\t') || byte == '\x7f') {
    return failure(Error::malformed);
  }
  return ++extra_bytes_ <= extra_bytes_max ? Status() : failure(Error::too_long);
}

Status ChunkedBody::expect(char byte, char expected, Expecting next) {
  if (byte != expected) return failure(Error::malformed);
  expecting_ = next;
  return {};
}

}  // namespace common
