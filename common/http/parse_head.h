#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace common {

/// What the head of an HTTP/1 request says that its answer and its end depend on.
struct HttpHead {
  /// From the first byte of the request line to the end of the blank line.
  static constexpr std::size_t bytes_max = 8192;

  enum class Method : std::uint8_t { get, head, other };

  Method method = Method::other;
  bool http_1_0 = false;
  bool keep_alive = false;  ///< Whether the client wants to go on after this request.
  bool chunked = false;
  bool expects_continue = false;     ///< Whether the client may wait for `100 Continue`.
  std::uint64_t content_length = 0;  ///< 0 also where the head names none.
};

/// Reads `head`, of HttpHead::bytes_max at most. Beast's parser does the work. What it lets through
/// and would leave in doubt where a message ends, or for whom it is, is refused here; a path may
/// have any byte that is no blank and no control. Error: malformed.
Result<HttpHead> parse_http_head(std::string_view head);

/// Whether `line`, which has its line end, can begin a request.
bool is_http_request_line(std::string_view line);

}  // namespace common
