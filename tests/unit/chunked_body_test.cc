#include "common/http/chunked_body.h"

#include <gtest/gtest.h>

#include <string>

#include "http.h"

namespace {

using common::ChunkedBody;
using common::Error;

/// How many bytes of the stream belong to the body; 0: it does not end there, or is broken.
std::size_t body_bytes(std::string_view stream) {
  ChunkedBody body;
  const auto used = body.take(stream);
  return used && body.done() ? *used : 0;
}

std::error_code error_of(std::string_view stream) {
  ChunkedBody body;
  const auto used = body.take(stream);
  return used ? std::error_code() : used.error();
}

TEST(ChunkedBody, EndsBehindTheTrailersAndNoFurther) {
  for (const std::string body :
       {"0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "0\r\nA: b\r\nC: d\r\n\r\n", "0;x=y\r\n\r\n"}) {
    EXPECT_EQ(body_bytes(body), body.size()) << body;
    EXPECT_EQ(body_bytes(body + "GET / HTTP/1.1\r\n\r\n"), body.size()) << body;
    for (std::size_t size = 0; size < body.size(); ++size) {
      EXPECT_EQ(body_bytes(std::string_view(body).substr(0, size)), 0U) << body << size;
    }
  }
}

TEST(ChunkedBody, TakesNothingWhenItIsDone) {
  ChunkedBody body;
  ASSERT_EQ(body.take("0\r\n\r\n"), 5U);
  EXPECT_TRUE(body.done());
  EXPECT_EQ(body.take("more"), 0U);
}

TEST(ChunkedBody, ReadsSizesInBothCasesOfHexadecimal) {
  const std::string data(0xaF, '\n');
  EXPECT_GT(body_bytes("aF\r\n" + data + "\r\n0\r\n\r\n"), 0U);
  EXPECT_GT(body_bytes("00000000000000Af\r\n" + data + "\r\n0\r\n\r\n"), 0U);
}

TEST(ChunkedBody, TakesSizesUpTo64BitsAndNoMoreDigits) {
  ChunkedBody body;
  EXPECT_EQ(body.take("FFFFFFFFFFFFFFFF\r\nsome"), 22U);
  EXPECT_FALSE(body.done());
  EXPECT_EQ(error_of("10000000000000000\r\n"), Error::malformed);
  EXPECT_EQ(error_of("00000000000000000\r\n"), Error::malformed) << "could go on for ever";
}

TEST(ChunkedBody, TakesTheSameByteByByte) {
  const std::string stream =
      "5;a=\"b\"\r\nhello\r\n1 ;\t\r\n\n\r\n0\r\nTrailer: x\r\n\r\nGET / HTTP/1.1\r\n\r\n";
  ChunkedBody body;
  std::size_t used = 0;
  for (const auto slice : tests::byte_by_byte(stream)) used += body.take(slice).value_or(1000);
  EXPECT_TRUE(body.done());
  EXPECT_EQ(used, body_bytes(stream));
}

TEST(ChunkedBody, BoundsExtensionsAndTrailersTogether) {
  const auto body = [](std::size_t extension_bytes, std::size_t trailer_bytes) {
    return "0;" + std::string(extension_bytes - 1, 'x') + "\r\n" + std::string(trailer_bytes, 'y') +
           "\r\n\r\n";
  };
  constexpr std::size_t extra_bytes_max = ChunkedBody::extra_bytes_max;
  EXPECT_GT(body_bytes(body(4000, extra_bytes_max - 4000)), 0U);
  EXPECT_EQ(error_of(body(4000, extra_bytes_max - 3999)), Error::too_long);
  EXPECT_EQ(error_of(body(extra_bytes_max + 1, 1)), Error::too_long);
}

TEST(ChunkedBody, RefusesControlCharactersInWhatItIgnores) {
  for (const char c : {'\0', '\n', '\x01', '\x1f', '\x7f'}) {
    EXPECT_EQ(error_of(std::string("1;x") + c), Error::malformed) << int{c};
    EXPECT_EQ(error_of(std::string("0\r\nTrailer: x") + c), Error::malformed) << int{c};
  }
  for (const char c : {'\t', ' ', '"', '\x80', '\xff'}) {
    EXPECT_EQ(error_of(std::string("1;x") + c), std::error_code()) << int{c};
  }
}

}  // namespace
