// Promise: whatever bytes come, any slicing of them gets the same answers, and no answer grows out
// of proportion.

#include <random>

#include "http.h"
#include "slices.h"
#include "target.h"

namespace {

/// What is the same in all slicings: a take() that ends in an error tells no number.
tests::HttpOutcome serve(const tests::Slices& slices) {
  auto outcome = tests::serve_http(slices);
  if (outcome.error) outcome.completed = 0;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [slicing, stream] = tests::fuzz_input(data, size);
  const auto expected = serve(tests::whole(stream));
  if (expected.answers.size() > 5 * stream.size() + 200) std::abort();
  tests::expect_same(serve(tests::byte_by_byte(stream)), expected, "byte by byte");
  std::mt19937 random(slicing);
  tests::expect_same(serve(tests::cut_at_random(stream, random, 5)), expected, "in small slices");
  tests::expect_same(serve(tests::cut_at_random(stream, random, 500)), expected, "in slices");
  return 0;
}

std::vector<std::string> tests::seeds() {
  using namespace std::string_literals;
  const std::string get = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
  const std::string chunked = "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  return {
      "\0"s + get + "HEAD / HTTP/1.1\r\n\r\n" + get,
      "\1"s + get + "\r\nPOST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello" + get,
      "\2"s + chunked + "5\r\nhello\r\n0\r\n\r\n" + get,
      "\3"s + chunked + "a;name=\"value\"\r\n0123456789\r\n00\r\nTrailer: x\r\n\r\n" + get,
      "\4"s + "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n" + get,
      "\5"s + get + "GET / HTTP/1.1\r\nConnection: foo, close\r\n\r\n" + get,
      "\6"s + get + "GET / HTTP/1.1\r\nContent-Length: 5, 5\r\nContent-Length: 6\r\n\r\nhello",
      "\7"s + "POST / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\nx" + get,
      "\x8"s + "GET / HTTP/1.1\r\nHost:\r\n folded\r\nX: " + std::string(8000, 'x') + "\r\n\r\n",
      "\x9"s + "GET /" + std::string(9000, 'x'),
      "\xa"s + "GET / HTTP/1.1\nHost: x\n\n",
      "\xb"s + "\r\n\r\n" + get + "\r\n" + get};
}
