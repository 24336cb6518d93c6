#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "finger/server/error.h"

namespace finger {

/// What a line may have before its end.
inline constexpr std::size_t query_bytes_max = 1024;

/// What a peer asks for. Source: RFC 1288, 2.3.
struct Query {
  std::string_view user;  ///< Empty: the list of users.
  bool verbose = false;   ///< /W

  bool operator==(const Query&) const = default;
};

/// Reads a line, without its end. `/W`, in any case, is the switch if a blank or nothing follows
/// it, else the beginning of a name; blanks (spaces and tabs) in front of it and around the name
/// are dropped; those inside belong to the name, of which a tab can be no part. The view points
/// into `line`.
/// Errors: query_too_long, invalid_query, relay_denied. Where several apply, the first of them: how
/// long a line is shows before it is understood, and what is not text has no @ to speak of.
Result<Query> parse_query(std::string_view line);

/// Takes a query from a stream, however the stream was sliced on its way, up to the end of its
/// line: LF or CRLF. What comes behind that is ignored.
///
/// Does no I/O: receive into space(), commit() what came, ask for the line(). Holds 1026 bytes,
/// inside itself.
class QueryReader {
 public:
  QueryReader() = default;
  QueryReader(const QueryReader&) = delete;  // the line is a view into it
  QueryReader& operator=(const QueryReader&) = delete;

  /// Room for more bytes; never empty as long as line() wants some.
  std::span<std::byte> space();

  /// So many bytes of space() have been filled.
  void commit(std::size_t size_bytes);

  /// The line without its end, good as long as the reader; nullopt: more bytes are needed.
  /// Error: query_too_long as soon as no end can come in time, the 1025th byte at the earliest.
  Result<std::optional<std::string_view>> line() const;

  /// What has come of the line, without its end: for the log, also of one that is too long.
  std::string_view begun() const;

  /// The stream has ended: fine behind the line, else the error of line() or unexpected_eof, also
  /// if nothing came at all.
  Status finish() const;

 private:
  bool ended() const;

  std::array<char, query_bytes_max + 2> bytes_;  ///< A longest line, and CRLF.
  std::size_t size_ = 0;
};

}  // namespace finger
