#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/http/chunked_body.h"
#include "common/http/parse_head.h"
#include "common/session.h"

namespace common {

/// Answers HTTP/1 requests: GET and HEAD of any path with `hello`, other methods with 405. A
/// request is answered when its body has come to an end, the bodies are thrown away; pipelined
/// requests are answered in order. Source: contract, "--protocol http"; RFC 9112.
///
/// A client that expects `100 Continue`, and has sent nothing of its body with the head, gets it:
/// it may wait for that, curl for a second. RFC 9110, 10.1.1
///
/// What cannot be understood is answered with 400, a head of more than bytes_max with 431, and
/// take() then ends with the error malformed: where the next request would begin is unknown.
///
/// A session holds nothing of a request but a head that has not arrived whole. One take() appends
/// at most 5 times the bytes that it was given, and 200 more. Empty lines, which RFC 9112, 2.2 lets
/// clients send before a request, are passed over, as many bytes of them as a head may have.
class HttpSession final : public Session {
 public:
  Result<std::size_t> take(ByteView received, SendBuffer& output) override;
  Status end_of_stream() const override;

 private:
  enum class Reading : std::uint8_t { head, body, chunked_body, end_of_request };

  Result<std::size_t> take_some(std::string_view received);
  Result<std::size_t> take_head(std::string_view received);
  bool check_request_line(std::string_view text, std::size_t searched);
  Status begin_request(std::string_view head);
  void forget_head();
  void answer(SendBuffer& output);
  void refuse(std::error_code reason, SendBuffer& output);

  Bytes held_;                   ///< The beginning of a head that has not arrived whole.
  std::size_t searched_ = 0;     ///< Up to here it has no end: each byte is searched once.
  std::size_t empty_bytes_ = 0;  ///< They were empty lines before it.
  bool request_line_checked_ = false;
  Reading reading_ = Reading::head;
  HttpHead request_;  ///< Its body is being read; content_length is what is left of it.
  ChunkedBody chunked_body_;
};

}  // namespace common
