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

/// What a peer asks for. Source: RFC 1288, 2.3.
struct Query {
  std::string_view user;  ///< Empty: the list of users.
  bool verbose = false;   ///< /W

  bool operator==(const Query&) const = default;
};

/// Parses a line without its end. `/W`, in any case, is the switch if a blank or nothing follows
/// it, else the beginning of a name. Blanks (spaces and tabs) before it and around the name are
/// dropped; a space inside belongs to the name, a tab there is invalid. The view points into
/// `line`.
/// Errors: query_too_long, invalid_query, relay_denied. Where several apply, the first of them: the
/// length is known before the line is understood, and what is not text contains no @.
Result<Query> parse_query(std::string_view line);

/// Takes the first line of a stream, however the stream was sliced on its way, up to its end: LF or
/// CRLF. Bytes after that are ignored.
///
/// Does no I/O: receive into space(), commit() what came, ask for the line(). Holds 1026 bytes,
/// inside itself.
class QueryReader {
 public:
  QueryReader() = default;
  QueryReader(const QueryReader&) = delete;  // the line is a view into it
  QueryReader& operator=(const QueryReader&) = delete;

  /// Room for more bytes; never empty while line() needs more.
  std::span<std::byte> space();

  /// `size_bytes` bytes of space() have been filled.
  void commit(std::size_t size_bytes);

  /// The line without its end, good as long as the reader; nullopt: more bytes are needed.
  /// Error: query_too_long as soon as no end can come in time, the 1025th byte at the earliest.
  Result<std::optional<std::string_view>> line() const;

  /// The line as far as it has come, without its end: for the log, even when it is too long.
  std::string_view begun() const;

  /// The stream has ended: fine after the line, else the error of line() or unexpected_eof, the
  /// latter also if no byte came at all.
  Status finish() const;

 private:
  bool ended() const;

  std::array<char, query_bytes_max + 2> bytes_;  ///< The longest line, and CRLF.
  std::size_t size_ = 0;
};

}  // namespace finger
