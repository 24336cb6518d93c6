#include "common/http/http_session.h"

#include <gmock/gmock.h>

#include <string>

#include "http.h"

namespace {

using common::Error;
using tests::bad_request;
using tests::hello;
using tests::hello_closing;
using tests::not_allowed;
using tests::serve_http;
using namespace std::string_literals;

/// That the request is answered with `answer`, counted, and the connection kept.
void expect_kept(const std::string& request, std::string_view answer) {
  const auto outcome = serve_http(request);
  EXPECT_EQ(outcome.answers, answer) << "to\n" << request;
  EXPECT_EQ(outcome.completed, 1U) << request;
  EXPECT_FALSE(outcome.finished) << request;
  EXPECT_EQ(outcome.end, std::error_code()) << request;
}

/// That the request is answered with `answer`, and the connection then closed in good order.
void expect_closed(const std::string& request, std::string_view answer) {
  const auto outcome = serve_http(request);
  EXPECT_EQ(outcome.answers, answer) << "to\n" << request;
  EXPECT_EQ(outcome.completed, 1U) << request;
  EXPECT_TRUE(outcome.finished) << request;
  EXPECT_EQ(outcome.error, std::error_code()) << request;
  EXPECT_EQ(outcome.end, std::error_code()) << request;
}

/// That the request is refused with 400 and the connection closed.
void expect_malformed(const std::string& request) {
  const auto outcome = serve_http(request);
  EXPECT_EQ(outcome.answers, bad_request) << "to\n" << request;
  EXPECT_EQ(outcome.error, Error::malformed) << request;
  EXPECT_TRUE(outcome.finished) << request;
  EXPECT_EQ(outcome.end, std::error_code()) << "told about it already";
}

TEST(HttpSession, AnswersGetOfAnyPath) {
  for (const auto* target :
       {"/", "/any/path?and=query", "*", "http://example.com/", "/%00/../\xff"}) {
    expect_kept(std::string("GET ") + target + " HTTP/1.1\r\nHost: example.com\r\n\r\n", hello);
  }
}

TEST(HttpSession, AnswersWithoutAHost) { expect_kept("GET / HTTP/1.1\r\n\r\n", hello); }

TEST(HttpSession, AnswersWhatRealClientsSend) {
  expect_kept(
      "GET / HTTP/1.1\r\nHost: localhost:5882\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
      hello);
  expect_kept(
      "GET /favicon.ico HTTP/1.1\r\nHost: localhost:5882\r\nConnection: keep-alive\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept-Encoding: gzip, deflate, br\r\n"
      "Accept-Language: de,en;q=0.5\r\nUpgrade-Insecure-Requests: 1\r\nCookie: a=b; "
      "c=\"d\"\r\n\r\n",
      hello);
  expect_kept(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
      hello);
}

TEST(HttpSession, RefusesOtherMethodsAndKeepsTheConnection) {
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get",
                             "Head", "GETS", "X"}) {
    expect_kept(std::string(method) + " / HTTP/1.1\r\nHost: x\r\n\r\n", not_allowed);
  }
}

TEST(HttpSession, ObeysConnectionAloneAndNoWordLikeIt) {
  for (const auto* field : {"Connection: closed", "Connection: foo", "Proxy-Connection: close",
                            "X-Connection: close", "Connection:"}) {
    expect_kept(std::string("GET / HTTP/1.1\r\n") + field + "\r\n\r\n", hello);
  }
}

TEST(HttpSession, ClosesAfterHttp10) {
  expect_closed("GET / HTTP/1.0\r\n\r\n", hello_closing);
  expect_closed("GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", hello_closing);
  expect_closed("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", hello_closing);
}

TEST(HttpSession, KeepsHttp10WhenAskedToAndSaysSo) {
  for (const auto* keep : {"keep-alive", "Keep-Alive", "foo, keep-alive"}) {
    expect_kept(std::string("GET / HTTP/1.0\r\nConnection: ") + keep + "\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"
                "Connection: keep-alive\r\n\r\nhello\n");
  }
}

TEST(HttpSession, AnswersNothingAfterTheLastRequest) {
  expect_closed("GET / HTTP/1.1\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n\r\n", hello_closing);

  common::HttpSession session;
  common::SendBuffer answers;
  EXPECT_EQ(session.take(tests::bytes("GET / HTTP/1.0\r\n\r\n"), answers), 1U);
  answers.clear();
  EXPECT_EQ(session.take(tests::bytes("GET / HTTP/1.0\r\n\r\n"), answers), 0U);
  EXPECT_TRUE(answers.empty());
}

TEST(HttpSession, RefusesAMalformedRequestLine) {
  for (const auto* line :
       {"nonsense", "GET", "GET /", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ",
        " GET / HTTP/1.1", "GET / HTTP/2.0", "GET / HTTP/1.2", "GET / HTTP/0.9", "GET / HTTP/11",
        "GET / http/1.1", "GET / HTTPS/1.1", "G@T / HTTP/1.1", "GET /a b HTTP/1.1",
        "GET /\x01 HTTP/1.1", "GET\t/ HTTP/1.1", ": HTTP/1.1", "PRI * HTTP/2.0"}) {
    expect_malformed(std::string(line) + "\r\n\r\n");
    expect_malformed(std::string(line) + "\r\nHost: x\r\n\r\n");
  }
}

TEST(HttpSession, RefusesMalformedHeaderFields) {
  for (const auto* field :
       {"Host : x", "Host\t: x", " Host: x", "Host", ": x", "Ho st: x", "Ho\x01st: x",
        "Host: a\x01"
        "b",
        "Host: \x7f", "Host: a\rb", "H\xf6st: x", "Connection: @", "(x): y"}) {
    expect_malformed(std::string("GET / HTTP/1.1\r\n") + field + "\r\n\r\n");
    expect_malformed(std::string("GET / HTTP/1.1\r\n") + field + "\r\nFoo: bar\r\n\r\n");
  }
  expect_malformed("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"s);
}

// Or refuses it: RFC 9112, 5.2 allows either.
TEST(HttpSession, ReadsAFoldedFieldAsOne) {
  expect_kept("GET / HTTP/1.1\r\nHost:\r\n x\r\n\r\n", hello);
  expect_closed("GET / HTTP/1.1\r\nConnection: foo,\r\n\tclose\r\n\r\n", hello_closing);
}

TEST(HttpSession, RefusesLinesThatEndInLfAloneWithoutWaitingForMore) {
  expect_malformed("GET / HTTP/1.1\n");
  expect_malformed("GET / HTTP/1.1\r\n\n");
  expect_malformed("GET / HTTP/1.1\r\nHost: x\n\n");
  expect_malformed("GET / HTTP/1.1\r\nHost: x\n\r\n");
  expect_malformed("GET / HTTP/1.1\r\nHost: x\r\n\n");
}

TEST(HttpSession, RefusesAWrongRequestLineAsSoonAsItHasCome) {
  expect_malformed("nonsense\r\n");
  expect_malformed("GET / HTTP/2.0\r\nHost: x\r\n");
  expect_malformed("\x16\x03\x01\x02\n");  // TLS, or the beginning of it
}

TEST(HttpSession, PassesOverEmptyLinesBeforeARequest) {
  expect_kept("\r\n\r\nGET / HTTP/1.1\r\n\r\n", hello);
  const auto outcome = serve_http("GET / HTTP/1.1\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\n");
  EXPECT_EQ(outcome.answers, tests::times(2, hello));
  EXPECT_EQ(outcome.end, std::error_code()) << "an empty line is not the beginning of a request";
}

TEST(HttpSession, TellsAnEndBetweenRequestsFromOneInside) {
  const std::string request = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
  for (std::size_t end = 0; end <= request.size(); ++end) {
    const auto outcome = serve_http(request.substr(0, end));
    const bool between = end == 0 || end == request.size();
    ASSERT_EQ(outcome.end, between ? std::error_code() : make_error_code(Error::cut_short))
        << "after " << end << " bytes";
    ASSERT_EQ(outcome.completed, end == request.size() ? 1U : 0U);
  }
}

}  // namespace
