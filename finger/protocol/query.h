#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "finger/protocol/error.h"

namespace finger {

/// The longest line, without its end.
inline constexpr std::size_t query_bytes_max = 1024;

/// A peer's query. Source: RFC 1288, 2.3.
struct Query {
  std::string_view user;                      ///< Empty: the list of users.
  bool verbose = false;                       ///< /W
  std::optional<std::string_view> host = {};  ///< After an @: the host to ask for the peer.

  bool operator==(const Query&) const = default;
};

/// Parses a line without its end. `/W`, in any case, is the switch if a blank or nothing follows,
/// else the beginning of a name. Blanks (spaces and tabs) before the switch and around the name are
/// dropped; a space inside belongs to the name, a tab there is invalid. The views point into
/// `line`. Errors: query_too_long; invalid_query; relay_denied if there are several @. If several
/// apply, the first of these, because the length is known before the line is understood, and a line
/// that isn't text contains no @.
Result<Query> parse_query(std::string_view line);

/// Takes the first line of a stream, however the stream is sliced, up to its end: LF, CR, or the
/// end of the stream. Ignores the bytes after that: the LF of a CRLF, and the NUL that a telnet
/// client sends after a CR (RFC 854).
///
/// Does no I/O: receive into space(), commit() what came, ask for the line(). Holds 1025 bytes,
/// inside itself.
class QueryReader {
 public:
  QueryReader() = default;
  QueryReader(const QueryReader&) = delete;  // the line is a view into it
  QueryReader& operator=(const QueryReader&) = delete;

  /// Room for more bytes; never empty while line() needs more.
  std::span<std::byte> space();

  /// Takes `size_bytes` bytes that were received into space().
  void commit(std::size_t size_bytes);

  /// The line without its end, good as long as the reader; nullopt if more bytes are needed. Error:
  /// query_too_long as soon as the end can't come in time, at the 1025th byte at the earliest.
  Result<std::optional<std::string_view>> line() const;

  /// The part of the line that came, without its end, for the log; even if the line is too long.
  std::string_view begun() const;

  /// Call it at the end of the stream, which ends the line. Errors: of line(); unexpected_eof if no
  /// byte came.
  Result<std::string_view> finish() const;

 private:
  std::string_view received() const { return {bytes_.data(), size_}; }

  std::array<char, query_bytes_max + 1> bytes_;  ///< The longest line, and its end.
  std::size_t size_ = 0;
};

}  // namespace finger
