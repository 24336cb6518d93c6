#include "common/http/parse_head.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/version.hpp>
#include <cstddef>
#include <limits>
#include <utility>

namespace common {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

/// Turns the results of Beast's parser into an HttpHead. We give the parser whole heads and no
/// bodies, because version 1.74 notices a mistake in pieces sooner or later depending on where they
/// were cut, and fails an assertion if a last chunk is cut after its first line.
///
/// HTTP/1.1 requires a Host. But a request typed by hand has none, and every path here is the same
/// resource of the same host, so we don't. We refuse two Hosts, because a proxy that forwarded this
/// may have seen the other one. RFC 9112, 3.2
class HeadParser final : public http::basic_parser<true> {
 public:
  HeadParser() {
    // By default Beast allows a head of 8 KiB, and refuses a Content-Length above 1 MiB.
    header_limit(HttpHead::bytes_max);
    body_limit(std::numeric_limits<std::int64_t>::max());
  }

  /// Whether `text` is one whole head, or one request line.
  bool parse_head(std::string_view text) {
    beast::error_code error;
    return put({text.data(), text.size()}, error) == text.size() && !error;
  }
  bool parse_request_line(std::string_view text) {
    beast::error_code error;
    return put({text.data(), text.size()}, error) == text.size() && error == http::error::need_more;
  }

  HttpHead head() const {
    HttpHead head = head_;
    head.keep_alive = !close_ && (!head.http_1_0 || keep_alive_);
    head.chunked = chunked();
    head.content_length = content_length().value_or(0);
    return head;
  }

 private:
  void on_request_impl(http::verb method, beast::string_view, beast::string_view, int version,
                       beast::error_code&) override {
    head_.http_1_0 = version == 10;
    if (method == http::verb::get) head_.method = HttpHead::Method::get;
    if (method == http::verb::head) head_.method = HttpHead::Method::head;
  }

  void on_field_impl(http::field name, beast::string_view, beast::string_view value,
                     beast::error_code& error) override {
    if (name == http::field::connection) {
      // We don't use Beast's keep_alive(), which also obeys Proxy-Connection, and in HTTP/1.0
      // prefers keep-alive to close. RFC 9112, 9.3
      for (const auto option : http::token_list(value)) {
        close_ = close_ || beast::iequals(option, "close");
        keep_alive_ = keep_alive_ || beast::iequals(option, "keep-alive");
      }
    } else if (name == http::field::content_length) {
      // Beast also accepts a list of equal numbers, which a proxy that forwarded this may have read
      // differently. RFC 9110, 8.6
      if (!std::ranges::all_of(value, [](char each) { return each >= '0' && each <= '9'; })) {
        error = http::error::bad_content_length;
      }
    } else if (name == http::field::host) {
      if (std::exchange(has_host_, true)) error = http::error::bad_field;
    } else if (name == http::field::expect) {
      head_.expects_continue = !head_.http_1_0 && beast::iequals(value, "100-continue");
    } else if (name == http::field::transfer_encoding) {
      // If there's a different coding, Beast assumes no body at all, and we would read its bytes as
      // the next request. RFC 9112, 6.1 offers 501 for a coding we don't know. But like any coding
      // in HTTP/1.0, it leaves the body's end in doubt, and that is 400 (6.3).
      if (head_.http_1_0 || !beast::iequals(value, "chunked")) {
        error = http::error::bad_transfer_encoding;
      }
    }
  }

  // The rest of Beast's interface, which we have no use for.
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, beast::error_code&) override {
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body,
                                 beast::error_code&) override {
    return body.size();
  }
#if BOOST_VERSION >= 109000  // older versions call on_field_impl for a trailer's fields
  void on_trailer_field_impl(http::field, beast::string_view, beast::string_view,
                             beast::error_code&) override {}
#endif
  void on_finish_impl(beast::error_code&) override {}

  HttpHead head_;
  bool close_ = false;
  bool keep_alive_ = false;
  bool has_host_ = false;
};

}  // namespace

Result<HttpHead> parse_http_head(std::string_view head) {
  HeadParser parser;
  if (!parser.parse_head(head)) return failure(Error::malformed);
  return parser.head();
}

bool is_http_request_line(std::string_view line) { return HeadParser().parse_request_line(line); }

}  // namespace common
