#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace common {

/// The parts of an HTTP/1 request's head that decide the answer and the end of the request.
struct HttpHead {
  /// Limit for a head, from the request line to the end of the blank line.
  static constexpr std::size_t bytes_max = 8192;

  enum class Method : std::uint8_t { get, head, other };

  Method method = Method::other;
  bool http_1_0 = false;
  bool keep_alive = false;  ///< Whether the client may send more requests.
  bool chunked = false;
  bool expects_continue = false;     ///< The client may wait for `100 Continue`.
  std::uint64_t content_length = 0;  ///< 0 if the head has none, too.
};

/// Parses `head`, of at most HttpHead::bytes_max, with Beast's parser. Also refuses heads that
/// Beast accepts, but that leave in doubt where the message ends or which host it is for. A path
/// may have any byte but blanks and controls. Error: malformed.
Result<HttpHead> parse_http_head(std::string_view head);

/// Whether `line`, line end included, can begin a request.
bool is_http_request_line(std::string_view line);

}  // namespace common
