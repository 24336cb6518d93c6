#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>

#include "bytes.h"
#include "common/http/http_session.h"
#include "slices.h"

namespace tests {

inline constexpr std::string_view hello =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";
inline constexpr std::string_view hello_closing =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\n"
    "hello\n";
inline constexpr std::string_view not_allowed =
    "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\n\r\n";
inline constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
inline constexpr std::string_view bad_request =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
inline constexpr std::string_view too_large =
    "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: "
    "close\r\n\r\n";

/// What an HTTP session made of a stream.
struct HttpOutcome {
  std::string answers;
  std::size_t completed = 0;  ///< By the calls of take() that succeeded.
  std::error_code error;      ///< From take(), which isn't called again after an error.
  std::error_code end;        ///< From end_of_stream().
  bool finished = false;

  bool operator==(const HttpOutcome&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const HttpOutcome& outcome) {
  return out << '"' << outcome.answers << "\", " << outcome.completed << " completed, error "
             << outcome.error << ", end " << outcome.end << (outcome.finished ? ", finished" : "");
}

inline HttpOutcome serve_http(const Slices& slices) {
  common::HttpSession session;
  HttpOutcome outcome;
  common::SendBuffer answers;
  for (const auto slice : slices) {
    const auto taken = session.take(bytes(slice), answers);
    if (!taken) {
      outcome.error = taken.error();
      break;
    }
    outcome.completed += *taken;
  }
  outcome.answers = text(answers.view());
  outcome.finished = session.finished();
  if (const auto end = session.end_of_stream(); !end) outcome.end = end.error();
  return outcome;
}

inline HttpOutcome serve_http(std::string_view stream) { return serve_http(whole(stream)); }

/// Repeats the text.
inline std::string times(std::size_t count, std::string_view text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace tests
