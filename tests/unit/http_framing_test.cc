// Where a request ends. To be wrong about it is to take a body for a request, or the other way
// round: request smuggling.

#include <gmock/gmock.h>

#include <string>

#include "http.h"

namespace {

using common::Error;
using tests::bad_request;
using tests::hello;
using tests::not_allowed;
using tests::serve_http;

constexpr std::string_view get = "GET / HTTP/1.1\r\n\r\n";

/// A request with a body, then a GET: the GET must be seen as the second request.
void expect_body_is_skipped(const std::string& fields, const std::string& body) {
  const auto outcome =
      serve_http("POST / HTTP/1.1\r\n" + fields + "\r\n" + body + std::string(get));
  EXPECT_EQ(outcome.answers, std::string(not_allowed) + std::string(hello)) << fields << body;
  EXPECT_EQ(outcome.completed, 2U) << fields;
  EXPECT_EQ(outcome.end, std::error_code()) << fields;
}

void expect_refused(const std::string& fields, const std::string& body = "") {
  const auto outcome =
      serve_http("POST / HTTP/1.1\r\n" + fields + "\r\n" + body + std::string(get));
  EXPECT_EQ(outcome.answers, bad_request) << fields << body;
  EXPECT_EQ(outcome.error, Error::malformed) << fields << body;
  EXPECT_TRUE(outcome.finished) << fields << body;
}

TEST(HttpBody, OfAContentLengthIsNotTakenForTheNextRequest) {
  expect_body_is_skipped("Content-Length: 0\r\n", "");
  expect_body_is_skipped("Content-Length: 1\r\n", "x");
  expect_body_is_skipped("content-length:18\r\n", std::string(get));
  expect_body_is_skipped("CONTENT-LENGTH: \t 0100 \t\r\n", std::string(100, '\n'));
  expect_body_is_skipped("Content-Length: 300000\r\n", std::string(300'000, 'x'));
}

TEST(HttpBody, OfAGetOrAHeadIsSkippedToo) {
  const auto outcome = serve_http(
      "GET / HTTP/1.1\r\nContent-Length: 18\r\n\r\n" + std::string(get) +
      "HEAD / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + std::string(get));
  EXPECT_EQ(outcome.answers,
            std::string(hello) + std::string(tests::hello_head_only) + std::string(hello));
}

TEST(HttpBody, IsAwaitedBeforeTheAnswer) {
  const auto outcome = serve_http("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab");
  EXPECT_EQ(outcome.answers, "");
  EXPECT_EQ(outcome.end, Error::cut_short);
}

TEST(HttpBody, ThatIsExpectedToBeAskedForIsJustAwaited) {
  expect_body_is_skipped("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc");
}

TEST(HttpBody, MayBeAsLongAs63BitsSay) {
  const auto outcome = serve_http("POST / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n" +
                                  std::string(100'000, 'x'));
  EXPECT_EQ(outcome.answers, "") << "it is still being read";
  EXPECT_EQ(outcome.end, Error::cut_short);
}

TEST(HttpBody, OfALengthBeyond63BitsIsRefused) {
  for (const auto* length : {"9223372036854775808", "18446744073709551615", "18446744073709551616",
                             "18446744073709551621", "99999999999999999999999999"}) {
    expect_refused(std::string("Content-Length: ") + length + "\r\n", "hello");
  }
}

TEST(HttpBody, OfALengthThatIsNotDigitsIsRefused) {
  for (const auto* length : {"", " ", "+5", "-5", "-0", "0x5", "5.0", "5e0", "five", "5 5", "5;",
                             ";5", "\"5\"", "5,", ",5", "5,,5", "5 bytes", "\xd9\xa5"}) {
    expect_refused(std::string("Content-Length: ") + length + "\r\n", "hello");
  }
}

TEST(HttpBody, OfDifferingLengthsIsRefused) {
  expect_refused("Content-Length: 5\r\nContent-Length: 6\r\n", "hello");
  expect_refused("Content-Length: 5\r\nHost: x\r\ncontent-length: 0\r\n", "hello");
  expect_refused("Content-Length: 5, 6\r\n", "hello");
  expect_refused("Content-Length: 5,5,6\r\n", "hello");
  expect_refused("Content-Length: 5, 5\r\nContent-Length: 5, 6\r\n", "hello");
}

// RFC 9112, 6.3: the one exception to "invalid". They leave nothing in doubt.
TEST(HttpBody, OfTheSameLengthSaidTwiceIsSkipped) {
  expect_body_is_skipped("Content-Length: 5\r\nContent-Length: 5\r\n", "hello");
  expect_body_is_skipped("Content-Length: 5, 5\r\n", "hello");
}

TEST(HttpBody, WithBothALengthAndATransferEncodingIsRefused) {
  const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
  expect_refused("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunks);
  expect_refused("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunks);
  expect_refused("Transfer-Encoding: chunked\r\nHost: x\r\nContent-Length: 0\r\n", chunks);
  expect_refused("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello");
  expect_refused("Content-Length: 5\r\nTransfer-Encoding: identity\r\n", "hello");
}

TEST(HttpBody, InAnyTransferEncodingButChunkedIsRefused) {
  const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
  for (const auto* coding :
       {"", "gzip", "identity", "xchunked", "chunkedx", "\"chunked\"", "chunked;q=1",
        "gzip, chunked", "chunked, gzip", "chunked, chunked", ",chunked", "chunked,", "chun ked",
        "\x0b"
        "chunked",
        "chunked\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-Encoding: gzip",
        "gzip\r\nTransfer-Encoding: chunked"}) {
    expect_refused(std::string("Transfer-Encoding: ") + coding + "\r\n", chunks);
  }
  expect_refused("Transfer-Encoding : chunked\r\n", chunks);
  expect_refused("Transfer-Encoding\t: chunked\r\n", chunks);
}

// RFC 9112, 6.1: a proxy that passed on a Transfer-Encoding in HTTP/1.0 did not know what it means.
TEST(HttpBody, InChunksIsRefusedFromHttp10) {
  const auto outcome = serve_http(
      "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(outcome.answers, bad_request);
}

TEST(HttpBody, InChunksIsDecodedAndSkipped) {
  for (const auto* body : {"0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
                           "2\r\n\r\n\r\n0\r\n\r\n", "000A\r\n0123456789\r\n000\r\n\r\n",
                           "5;name=value\r\nhello\r\n0;last\r\n\r\n",
                           "5 ; q=\"a;b\"\r\nhello\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n"}) {
    expect_body_is_skipped("Transfer-Encoding: chunked\r\n", body);
    expect_body_is_skipped("transfer-encoding:CHUNKED\r\n", body);
  }
  const std::string disguised = "12\r\n" + std::string(get) + "\r\n0\r\n\r\n";
  expect_body_is_skipped("Transfer-Encoding: chunked\r\n", disguised);
}

TEST(HttpBody, InBrokenChunksIsRefused) {
  for (const auto* body : {"\r\n", "x\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", " 1\r\na\r\n",
                           "1\na\r\n0\r\n\r\n", "1\r\nab\r\n", "1\r\na\n", "1\r\na0\r\n\r\n",
                           "10000000000000000\r\n", "1\r\ra", "1;\n\r\n", "0\r\n\n", "0\r\n\rx",
                           "0\r\nTrailer: x\n\r\n", "0\r\nTrailer\rx\r\n\r\n"}) {
    std::string request = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    request += body;
    request += get;
    const auto outcome = serve_http(request);
    EXPECT_EQ(outcome.answers, bad_request) << body;
    EXPECT_EQ(outcome.error, Error::malformed) << body;
  }
}

TEST(HttpBody, WhoseExtensionsOrTrailersGrowTooLargeIsRefused) {
  const std::string begin = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto& body :
       {"1;" + std::string(10'000, 'x'), "0\r\nTrailer: " + std::string(10'000, 'x'),
        tests::times(5000, "1;x\r\na\r\n")}) {
    const auto outcome = serve_http(begin + body);
    EXPECT_EQ(outcome.answers, tests::too_large) << body.substr(0, 20);
    EXPECT_EQ(outcome.error, Error::malformed);
  }
  const auto many = serve_http(begin + tests::times(100'000, "1\r\na\r\n") + "0\r\n\r\n");
  EXPECT_EQ(many.answers, not_allowed) << "many chunks are fine";
}

TEST(HttpBody, AfterAnAnswerThatClosesIsNotReadAsARequest) {
  const auto outcome =
      serve_http("POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 18\r\n\r\n" +
                 std::string(get) + std::string(get));
  EXPECT_EQ(outcome.completed, 1U);
  EXPECT_TRUE(outcome.finished);
}

}  // namespace
