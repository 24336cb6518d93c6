// What is answered, and where a request ends. To be wrong about that is to take a body for a
// request, or the other way round: request smuggling. That a stream may be cut anywhere, tests/fuzz
// tries.
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
using namespace std::string_literals;

// How a stream may end. What is refused has an answer, and the end of the stream says nothing new.
HttpOutcome kept(std::string_view answers, std::size_t completed = 1) {
  return {std::string(answers), completed, {}, {}, false};
}
HttpOutcome closed(std::string_view answer) { return {std::string(answer), 1, {}, {}, true}; }
const HttpOutcome refused{std::string(tests::bad_request), 0, Error::malformed, {}, true};
const HttpOutcome oversized{std::string(tests::too_large), 0, Error::malformed, {}, true};
const HttpOutcome unfinished{"", 0, {}, Error::cut_short, false};

TEST(HttpSession, AnswersGetOfAnyPath) {
  for (const std::string target :
       {"/", "/any/path?and=query", "*", "http://example.com/", "/%00/../\xff"}) {
    EXPECT_EQ(serve_http("GET " + target + " HTTP/1.1\r\nHost: example.com\r\n\r\n"), kept(hello));
  }
}

TEST(HttpSession, AnswersWhatRealClientsSendAndObeysConnectionAloneAndNoWordLikeIt) {
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

TEST(HttpSession, RefusesOtherMethodsAndKeepsTheConnection) {
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH",
                                   "get", "Head", "GETS", "X"}) {
    EXPECT_EQ(serve_http(method + " / HTTP/1.1\r\nHost: x\r\n\r\n"), kept(not_allowed)) << method;
  }
}

TEST(HttpSession, ClosesAfterHttp10) {
  for (const std::string fields :
       {"", "Proxy-Connection: keep-alive\r\n", "Connection: keep-alive, close\r\n"}) {
    EXPECT_EQ(serve_http("GET / HTTP/1.0\r\n" + fields + "\r\n"), closed(hello_closing)) << fields;
  }
}

TEST(HttpSession, KeepsHttp10WhenAskedToAndSaysSo) {
  for (const std::string keep : {"keep-alive", "Keep-Alive", "foo, keep-alive"}) {
    EXPECT_EQ(serve_http("GET / HTTP/1.0\r\nConnection: " + keep + "\r\n\r\n"),
              kept("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"
                   "Connection: keep-alive\r\n\r\nhello\n"));
  }
}

TEST(HttpSession, AnswersNothingAfterTheLastRequest) {
  const std::string last = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
  const std::string next = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(serve_http(last + next), closed(hello_closing));
  EXPECT_EQ(serve_http(tests::Slices{last, next}), closed(hello_closing));
}

TEST(HttpSession, RefusesAMalformedRequestLine) {
  for (const std::string line :
       {"nonsense", "GET", "GET /", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ",
        " GET / HTTP/1.1", "GET / HTTP/2.0", "GET / HTTP/1.2", "GET / HTTP/0.9", "GET / HTTP/11",
        "GET / http/1.1", "GET / HTTPS/1.1", "G@T / HTTP/1.1", "GET /a b HTTP/1.1",
        "GET /\x01 HTTP/1.1", "GET\t/ HTTP/1.1", ": HTTP/1.1", "PRI * HTTP/2.0"}) {
    EXPECT_EQ(serve_http(line + "\r\n\r\n"), refused) << line;
    EXPECT_EQ(serve_http(line + "\r\nHost: x\r\n\r\n"), refused) << line;
  }
}

TEST(HttpSession, RefusesMalformedHeaderFields) {
  for (const std::string& field :
       {"Host : x"s, "Host\t: x"s, " Host: x"s, "Host"s, ": x"s, "Ho st: x"s, "Ho\x01st: x"s,
        "Host: a\x01"s + "b", "Host: a\0b"s, "Host: \x7f"s, "Host: a\rb"s, "H\xf6st: x"s,
        "Connection: @"s, "(x): y"s}) {
    EXPECT_EQ(serve_http("GET / HTTP/1.1\r\n" + field + "\r\n\r\n"), refused) << field;
    EXPECT_EQ(serve_http("GET / HTTP/1.1\r\n" + field + "\r\nFoo: bar\r\n\r\n"), refused) << field;
  }
}

// Or refuses it: RFC 9112, 5.2 allows either.
TEST(HttpSession, ReadsAFoldedFieldAsOne) {
  EXPECT_EQ(serve_http("GET / HTTP/1.1\r\nHost:\r\n x\r\n\r\n"), kept(hello));
  EXPECT_EQ(serve_http("GET / HTTP/1.1\r\nConnection: foo,\r\n\tclose\r\n\r\n"),
            closed(hello_closing));
}

TEST(HttpSession, RefusesWhatIsWrongAsSoonAsItHasComeWithoutWaitingForMore) {
  for (const auto* begun :
       {"nonsense\r\n", "GET / HTTP/2.0\r\nHost: x\r\n",
        "\x16\x03\x01\x02\n",  // TLS, or the beginning of it
        "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\n\n", "GET / HTTP/1.1\r\nHost: x\n\n",
        "GET / HTTP/1.1\r\nHost: x\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\n"}) {
    EXPECT_EQ(serve_http(begun), refused) << begun;
  }
}

TEST(HttpSession, PassesOverEmptyLinesAroundRequests) {
  EXPECT_EQ(serve_http("\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\n"),
            kept(tests::times(2, hello), 2))
      << "an empty line is not the beginning of a request";
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
const std::string chunks = "5\r\nhello\r\n0\r\n\r\n";
const std::string chunked = "Transfer-Encoding: chunked\r\n";

/// A request with a body, and a GET after it.
HttpOutcome serve_body(const std::string& fields, const std::string& body) {
  return serve_http("POST / HTTP/1.1\r\n" + fields + "\r\n" + body + std::string(get));
}

/// Where the body is no more than that, and the GET seen as the second request.
const HttpOutcome skipped = kept(std::string(not_allowed) + std::string(hello), 2);

TEST(HttpBody, OfAContentLengthIsNotTakenForTheNextRequest) {
  EXPECT_EQ(serve_body("Content-Length: 0\r\n", ""), skipped);
  EXPECT_EQ(serve_body("Content-Length: 1\r\n", "x"), skipped);
  EXPECT_EQ(serve_body("content-length:18\r\n", std::string(get)), skipped);
  EXPECT_EQ(serve_body("CONTENT-LENGTH: \t 0100 \t\r\n", std::string(100, '\n')), skipped);
  EXPECT_EQ(serve_body("Content-Length: 300000\r\n", std::string(300'000, 'x')), skipped);
  EXPECT_EQ(serve_body("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc"), skipped);
  // RFC 9112, 6.3: the one exception to "invalid". They leave nothing in doubt.
  EXPECT_EQ(serve_body("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), skipped);
  EXPECT_EQ(serve_body("Content-Length: 5, 5\r\n", "hello"), skipped);
}

TEST(HttpBody, OfAGetOrAHeadIsSkippedToo) {
  EXPECT_EQ(serve_http("GET / HTTP/1.1\r\nContent-Length: 18\r\n\r\n" + std::string(get) +
                       "HEAD / HTTP/1.1\r\n" + chunked + "\r\n0\r\n\r\n" + std::string(get)),
            kept(std::string(hello) + std::string(tests::hello_head_only) + std::string(hello), 3));
}

TEST(HttpBody, IsAwaitedBeforeTheAnswerHoweverLongItIs) {
  const std::string some(100'000, 'x');
  EXPECT_EQ(serve_http("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab"), unfinished);
  EXPECT_EQ(serve_body("Content-Length: 9223372036854775807\r\n", some), unfinished) << "63 bits";
  EXPECT_EQ(serve_body(chunked, "FFFFFFFFFFFFFFFF\r\n" + some), unfinished) << "64 bits";
}

TEST(HttpBody, OfALengthThatIsNoNumberOf63BitsIsRefused) {
  for (const std::string length : {"9223372036854775808",
                                   "18446744073709551615",
                                   "18446744073709551616",
                                   "18446744073709551621",
                                   "99999999999999999999999999",
                                   "",
                                   " ",
                                   "+5",
                                   "-5",
                                   "-0",
                                   "0x5",
                                   "5.0",
                                   "5e0",
                                   "five",
                                   "5 5",
                                   "5;",
                                   ";5",
                                   "\"5\"",
                                   "5,",
                                   ",5",
                                   "5,,5",
                                   "5 bytes",
                                   "\xd9\xa5",
                                   "5, 6",
                                   "5,5,6",
                                   "5\r\nContent-Length: 6",
                                   "5\r\nHost: x\r\ncontent-length: 0",
                                   "5, 5\r\nContent-Length: 5, 6"}) {
    EXPECT_EQ(serve_body("Content-Length: " + length + "\r\n", "hello"), refused) << length;
  }
}

TEST(HttpBody, WithBothALengthAndATransferEncodingIsRefused) {
  for (const std::string fields : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                   "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                                   "Transfer-Encoding: chunked\r\nHost: x\r\nContent-Length: 0\r\n",
                                   "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
                                   "Content-Length: 5\r\nTransfer-Encoding: identity\r\n"}) {
    EXPECT_EQ(serve_body(fields, chunks), refused) << fields;
  }
}

TEST(HttpBody, InAnyTransferEncodingButChunkedIsRefused) {
  for (const std::string& coding :
       {": "s, ": gzip"s, ": identity"s, ": xchunked"s, ": chunkedx"s, ": \"chunked\""s,
        ": chunked;q=1"s, ": gzip, chunked"s, ": chunked, gzip"s, ": chunked, chunked"s,
        ": ,chunked"s, ": chunked,"s, ": chun ked"s, ": \x0b"s + "chunked",
        ": chunked\r\nTransfer-Encoding: chunked"s, ": chunked\r\nTransfer-Encoding: gzip"s,
        ": gzip\r\nTransfer-Encoding: chunked"s, " : chunked"s, "\t: chunked"s}) {
    EXPECT_EQ(serve_body("Transfer-Encoding" + coding + "\r\n", chunks), refused) << coding;
  }
}

// RFC 9112, 6.1: a proxy that passed on a Transfer-Encoding in HTTP/1.0 did not know what it means.
TEST(HttpBody, InChunksIsRefusedFromHttp10) {
  EXPECT_EQ(serve_http("POST / HTTP/1.0\r\nConnection: keep-alive\r\n" + chunked + "\r\n" + chunks),
            refused);
}

TEST(HttpBody, InChunksIsDecodedAndSkipped) {
  const std::string data(0xaF, '\n');
  for (const std::string& body :
       {"0\r\n\r\n"s, chunks, "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"s, "2\r\n\r\n\r\n0\r\n\r\n"s,
        "000A\r\n0123456789\r\n000\r\n\r\n"s, "aF\r\n" + data + "\r\n0\r\n\r\n",
        "00000000000000Af\r\n" + data + "\r\n0\r\n\r\n", "5;name=value\r\nhello\r\n0;last\r\n\r\n"s,
        "1;\t \"\x80\xff\r\na\r\n0\r\n\r\n"s,
        "5 ; q=\"a;b\"\r\nhello\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n"s,
        "12\r\n" + std::string(get) + "\r\n0\r\n\r\n",
        tests::times(100'000, "1\r\na\r\n") + "0\r\n\r\n"}) {
    EXPECT_EQ(serve_body(chunked, body), skipped) << body.substr(0, 100);
    EXPECT_EQ(serve_body("transfer-encoding:CHUNKED\r\n", body), skipped) << body.substr(0, 100);
  }
}

TEST(HttpBody, InBrokenChunksIsRefused) {
  for (const std::string body :
       {"\r\n", "x\r\n", "-1\r\n", "+1\r\na\r\n", "0x1\r\na\r\n", " 1\r\na\r\n",
        "1\na\r\n0\r\n\r\n", "1\r\nab\r\n", "1\r\na\n", "1\r\na0\r\n\r\n", "10000000000000000\r\n",
        "00000000000000000\r\n", "1\r\ra", "1;\n\r\n", "0\r\n\n", "0\r\n\rx",
        "0\r\nTrailer: x\n\r\n", "0\r\nTrailer\rx\r\n\r\n"}) {
    EXPECT_EQ(serve_body(chunked, body), refused) << body;
  }
  for (const char c : {'\0', '\n', '\x01', '\x1f', '\x7f'}) {
    EXPECT_EQ(serve_body(chunked, "1;x"s + c + "\r\n"), refused) << int{c};
    EXPECT_EQ(serve_body(chunked, "0\r\nTrailer: x"s + c + "\r\n"), refused) << int{c};
  }
}

TEST(HttpBody, MayHaveExtensionsAndTrailersOfSoManyBytesTogether) {
  const auto body = [](std::size_t extension_bytes, std::size_t trailer_bytes) {
    return "0;" + std::string(extension_bytes - 1, 'x') + "\r\n" + std::string(trailer_bytes, 'y') +
           "\r\n\r\n";
  };
  constexpr std::size_t most = common::ChunkedBody::extra_bytes_max;
  EXPECT_EQ(serve_body(chunked, body(4000, most - 4000)), skipped);
  EXPECT_EQ(serve_body(chunked, body(4000, most - 3999)), oversized);
  EXPECT_EQ(serve_body(chunked, body(most + 1, 1)), oversized);
}

// Signed uploads have an extension of some 80 bytes with each chunk, however many there are.
TEST(HttpBody, MayHaveExtensionsInProportionToItsData) {
  const std::string end = "0\r\n\r\n";
  const std::string signed_chunk =
      "2000;chunk-signature=" + std::string(64, '0') + "\r\n" + std::string(8192, 'x') + "\r\n";
  EXPECT_EQ(serve_body(chunked, tests::times(200, signed_chunk) + end), skipped);
  EXPECT_EQ(serve_body(chunked, tests::times(9000, "1 \r\na\r\n") + end), skipped);
  EXPECT_EQ(serve_body(chunked, tests::times(5000, "1;xy\r\na\r\n")), oversized);
  // What much data has saved is not for later.
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
