// How soon an HTTP session refuses, and how much it takes. tests/protocol checks the answers of
// running servers, and where a body ends; tests/fuzz cuts a stream anywhere.
#include "common/http/http_session.h"

#include <gtest/gtest.h>

#include <string>

#include "common/http/chunked_body.h"
#include "http.h"

namespace {

using common::Error;
using tests::hello;
using tests::hello_closing;
using tests::HttpOutcome;
using tests::not_allowed;
using tests::serve_http;

// The ways in which a stream may end. A refused request has its answer already, so the end of the
// stream brings no new error.
HttpOutcome kept(std::string_view answers, std::size_t completed = 1) {
  return {std::string(answers), completed, {}, {}, false};
}
HttpOutcome closed(std::string_view answer) { return {std::string(answer), 1, {}, {}, true}; }
const HttpOutcome refused{std::string(tests::bad_request), 0, Error::malformed, {}, true};
const HttpOutcome oversized{std::string(tests::too_large), 0, Error::malformed, {}, true};
const HttpOutcome unfinished{"", 0, {}, Error::cut_short, false};

TEST(HttpSession, AnswersRealClientsAndObeysConnectionButNoFieldLikeIt) {
  for (const std::string fields :
       {"", "Host: localhost:5882\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n",
        "Host: localhost:5882\r\nConnection: keep-alive\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept-Encoding: gzip, deflate, br\r\n"
        "Accept-Language: de,en;q=0.5\r\nUpgrade-Insecure-Requests: 1\r\nCookie: a=b; c=\"d\"\r\n",
        "Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
        "Connection: closed\r\n", "Connection: foo\r\n", "Proxy-Connection: close\r\n",
        "X-Connection: close\r\n", "Connection:\r\n"}) {
    EXPECT_EQ(serve_http("GET / HTTP/1.1\r\n" + fields + "\r\n"), kept(hello)) << fields;
  }
}

TEST(HttpSession, AnswersNothingAfterTheLastRequest) {
  const std::string last = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
  const std::string next = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(serve_http(last + next), closed(hello_closing));
  EXPECT_EQ(serve_http(tests::Slices{last, next}), closed(hello_closing));
}

TEST(HttpSession, PassesOverAnEmptyLineBeforeEachRequestHoweverItIsCut) {
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_EQ(serve_http(tests::Slices{"\r", "\n", get, "\r", "\n" + get}),
            kept(std::string(hello) + std::string(hello), 2));
}

TEST(HttpSession, TellsAClientToGoOnUnlessItHasGoneOn) {
  const std::string head = "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(serve_http(tests::Slices{head, "h", "i"}),
            kept(std::string(tests::go_on) + std::string(not_allowed)));
  EXPECT_EQ(serve_http(tests::Slices{head + "h", "i"}), kept(not_allowed));
}

// Refusing such a request would be fine, too: RFC 9112, 5.2 allows either.
TEST(HttpSession, ReadsAFoldedFieldAsOne) {
  EXPECT_EQ(serve_http("GET / HTTP/1.1\r\nHost:\r\n x\r\n\r\n"), kept(hello));
  EXPECT_EQ(serve_http("GET / HTTP/1.1\r\nConnection: foo,\r\n\tclose\r\n\r\n"),
            closed(hello_closing));
}

TEST(HttpSession, RefusesAMistakeAsSoonAsItArrivesWithoutWaitingForMore) {
  for (const auto* begun :
       {"nonsense\r\n", "GET / HTTP/2.0\r\nHost: x\r\n",
        "\x16\x03\x01\x02\n",  // the beginning of TLS
        "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\n\n", "GET / HTTP/1.1\r\nHost: x\n\n",
        "GET / HTTP/1.1\r\nHost: x\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\n"}) {
    EXPECT_EQ(serve_http(begun), refused) << begun;
  }
}

TEST(HttpSession, TellsAnEndBetweenRequestsFromOneInside) {
  const std::string request = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
  EXPECT_EQ(serve_http(""), kept("", 0));
  for (std::size_t end = 1; end < request.size(); ++end) {
    ASSERT_EQ(serve_http(request.substr(0, end)), unfinished) << "after " << end << " bytes";
  }
  EXPECT_EQ(serve_http(request), kept(not_allowed));
}

constexpr std::string_view get = "GET / HTTP/1.1\r\n\r\n";
const std::string chunked = "Transfer-Encoding: chunked\r\n";

/// Serves a request with a body, and a GET after it.
HttpOutcome serve_body(const std::string& fields, const std::string& body) {
  return serve_http("POST / HTTP/1.1\r\n" + fields + "\r\n" + body + std::string(get));
}

/// The body ends right there, so the GET is the second request.
const HttpOutcome skipped = kept(std::string(not_allowed) + std::string(hello), 2);

TEST(HttpBody, HasALengthOfDigits) {
  for (const std::string length : {"5", "05", "5\r\nContent-Length: 05"}) {
    EXPECT_EQ(serve_body("Content-Length: " + length + "\r\n", "hello"), skipped) << length;
  }
  for (const std::string length : {"5, 5", "5\r\nContent-Length: 5, 5", "5,", "+5"}) {
    EXPECT_EQ(serve_body("Content-Length: " + length + "\r\n", "hello"), refused) << length;
  }
}

TEST(HttpBody, MayHaveExtensionsAndTrailersOfSoManyBytesTogether) {
  const auto body = [](std::size_t extension_bytes, std::size_t trailer_bytes) {
    return "0;" + std::string(extension_bytes - 1, 'x') +
           "\r\ny:" + std::string(trailer_bytes - 2, 'y') + "\r\n\r\n";
  };
  constexpr std::size_t most = common::ChunkedBody::extra_bytes_max;
  EXPECT_EQ(serve_body(chunked, body(4000, most - 4000)), skipped);
  EXPECT_EQ(serve_body(chunked, body(4000, most - 3999)), oversized);
  EXPECT_EQ(serve_body(chunked, body(most + 1, 2)), oversized);
}

// Signed uploads have an extension of some 80 bytes with each chunk, however many there are.
TEST(HttpBody, MayHaveExtensionsInProportionToItsData) {
  const std::string end = "0\r\n\r\n";
  const std::string signed_chunk =
      "2000;chunk-signature=" + std::string(64, '0') + "\r\n" + std::string(8192, 'x') + "\r\n";
  EXPECT_EQ(serve_body(chunked, tests::times(200, signed_chunk) + end), skipped);
  EXPECT_EQ(serve_body(chunked, tests::times(9000, "1 \r\na\r\n") + end), skipped);
  EXPECT_EQ(serve_body(chunked, tests::times(5000, "1;xy\r\na\r\n")), oversized);
  // Much data at first doesn't buy extensions for later.
  const std::string much = "100000\r\n" + std::string(1 << 20, 'x') + "\r\n";
  constexpr std::size_t most = common::ChunkedBody::extra_bytes_max;
  EXPECT_EQ(serve_body(chunked, much + "1;" + std::string(most, 'x')), oversized);
}

TEST(HttpBody, AfterAnAnswerThatClosesIsNotReadAsARequest) {
  const auto outcome = serve_body("Connection: close\r\nContent-Length: 18\r\n", std::string(get));
  EXPECT_EQ(outcome.completed, 1U);
  EXPECT_TRUE(outcome.finished);
}

}  // namespace
