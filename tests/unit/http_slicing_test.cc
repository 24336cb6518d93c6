// However TCP cuts a stream, the answers are the same.

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <vector>

#include "http.h"

namespace {

using tests::serve_http;
using namespace std::string_view_literals;

/// Streams that end in every way: kept, closed, refused, cut short.
const std::vector<std::string>& streams() {
  static const std::string get = "GET / HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n";
  static const std::string chunked = "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  static const std::vector<std::string> all = {
      get + get + "HEAD / HTTP/1.1\r\n\r\n",
      "\r\n\r\n" + get + "\r\n" + get,
      "POST / HTTP/1.1\r\nContent-Length: 20\r\n\r\nGET / HTTP/1.1\r\n\r\n.." + get,
      chunked + "5\r\nhello\r\n1;ext=\"a\"\r\n\n\r\n0\r\nTrailer: x\r\n\r\n" + get,
      chunked + "0\r\n\r\n" + chunked + "A\r\n0123456789\r\n00\r\n\r\n" + get,
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n" + get,
      get + "GET / HTTP/1.1\r\nConnection: close\r\n\r\n" + get,
      get + "nonsense\r\n\r\n" + get,
      get + "nonsense\r\nwithout end",
      get + "GET / HTTP/1.1\r\nHost : x\r\n\r\n" + get,
      get + "GET / HTTP/1.1\r\nHost:\r\n folded\r\n\r\n" + get,
      get + "GET / HTTP/1.1\nHost: x\n\n" + get,
      get + "GET / HTTP/1.1\r\nHost: x\r\n\n" + get,
      get + "GET / HTTP/1.1\r\n\r\r\n" + get,
      get + "\r" + get,
      get + "\n" + get,
      get + "GET / HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\nhello" + get,
      get + "GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + get,
      chunked + "5\r\nhello0\r\n\r\n" + get,
      chunked + "5\nhello\r\n0\r\n\r\n" + get,
      get + "GET / HTTP/1.1\r\nHost: cut sh",
      get + "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\ncut short",
      chunked + "5\r\nhello\r\n0\r\nTrail"};
  return all;
}

/// What is the same in all slicings: take() that ends in an error tells no number.
std::string summary(const tests::Slices& slices) {
  auto outcome = serve_http(slices);
  if (outcome.error) outcome.completed = 0;
  return testing::PrintToString(outcome);
}

TEST(HttpSlicing, AnswersAreTheSameByteByByte) {
  for (const auto& stream : streams()) {
    EXPECT_EQ(summary(tests::byte_by_byte(stream)), summary(tests::whole(stream))) << stream;
  }
}

TEST(HttpSlicing, AnswersAreTheSameWhereverTheStreamIsCut) {
  for (const auto& stream : streams()) {
    const auto expected = summary(tests::whole(stream));
    for (std::size_t at = 1; at < stream.size(); ++at) {
      ASSERT_EQ(summary(tests::cut_at(stream, at)), expected) << stream << "\ncut at " << at;
    }
  }
}

TEST(HttpSlicing, AnswersAreTheSameInRandomSlices) {
  std::mt19937 random(5882);
  for (const auto& stream : streams()) {
    const auto expected = summary(tests::whole(stream));
    for (int i = 0; i < 50; ++i) {
      for (const std::size_t largest_slice : {3U, 30U}) {
        ASSERT_EQ(summary(tests::cut_at_random(stream, random, largest_slice)), expected) << stream;
      }
    }
  }
}

TEST(HttpSlicing, AnswersAreTheSameToStreamsThatWereSpoiled) {
  std::mt19937 random(5882);
  constexpr auto spoilers = "\r\n \t:;,0\0\xff/X"sv;
  for (int i = 0; i < 5000; ++i) {
    std::string stream = streams()[random() % streams().size()];
    for (std::size_t n = random() % 3 + 1; n > 0; --n) {
      const auto at = random() % stream.size();
      const std::size_t replaced = random() % 3;
      stream.replace(at, replaced, random() % 3, spoilers[random() % spoilers.size()]);
      if (stream.empty()) break;
    }
    const auto expected = summary(tests::whole(stream));
    ASSERT_EQ(summary(tests::byte_by_byte(stream)), expected) << stream;
    ASSERT_EQ(summary(tests::cut_at_random(stream, random, 20)), expected) << stream;
  }
}

}  // namespace
