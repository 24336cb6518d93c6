#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/http/chunked_body.h"
#include "common/http/parse_head.h"
#include "common/session.h"

namespace common {

/// Answers HTTP/1 requests: GET and HEAD of any path with `hello`, other methods with 405. A
/// request is answered at the end of its body, which is discarded; pipelined requests are answered
/// in order. Source: contract, "--protocol http"; RFC 9112.
///
/// A client that expects `100 Continue`, and sends nothing of the body with the head, gets that
/// response, because the client may wait, as curl does for a second. RFC 9110, 10.1.1
///
/// A request that we can't parse gets 400, and a head of more than bytes_max gets 431. take() then
/// fails with malformed, because nobody knows where the next request would begin.
///
/// A session holds nothing of a request but an incomplete head. One take() appends at most 5 times
/// the bytes that it was given, and 200 more. RFC 9112, 2.2 lets clients send empty lines before a
/// request; we skip them, up to bytes_max bytes.
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

  Buffer held_;                  ///< Beginning of a head that is incomplete.
  std::size_t searched_ = 0;     ///< Bytes of the head already searched for its end.
  std::size_t empty_bytes_ = 0;  ///< Bytes of empty lines before the head.
  bool request_line_checked_ = false;
  Reading reading_ = Reading::head;
  HttpHead request_;  ///< Request whose body we read; content_length is how much is left of it.
  ChunkedBody chunked_body_;
};

}  // namespace common
