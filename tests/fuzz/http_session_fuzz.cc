// Promise: any slicing of any bytes gets the same answers, whose size is in proportion.

#include "http.h"
#include "slices.h"
#include "target.h"

namespace {

/// The part of the outcome that doesn't depend on the slices. A take() that fails gives no number
/// of messages, and a client is told to go on only if no part of its body came with the head.
tests::HttpOutcome serve(const tests::Slices& slices) {
  auto outcome = tests::serve_http(slices);
  if (outcome.error) outcome.completed = 0;
  for (std::size_t at = 0; (at = outcome.answers.find(tests::go_on)) != std::string::npos;) {
    outcome.answers.erase(at, tests::go_on.size());
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = tests::fuzz_input(data, size);
  const auto expected = serve(tests::whole(input.stream));
  tests::require(expected.answers.size() <= 5 * input.stream.size() + 200);
  tests::expect_same_in_slices(serve, input, expected);
  return 0;
}

std::vector<std::string> tests::seeds() {
  using namespace std::string_literals;
  const std::string get = "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
  const std::string chunked = "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  return {
      "\0"s + get + get + "HEAD / HTTP/1.1\r\n\r\n" + get,
      "\1"s + get + "\r\nPOST / HTTP/1.1\r\nContent-Length: 20\r\n\r\nGET / HTTP/1.1\r\n\r\n.." +
          get,
      "\2"s + chunked + "5\r\nhello\r\n1;ext=\"a\"\r\n\n\r\n0\r\nTrailer: x\r\n\r\n" + get,
      "\3"s + chunked + "0\r\n\r\n" + chunked + "A\r\n0123456789\r\n00\r\n\r\n" + get,
      "\4"s + "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n" + get,
      "\5"s + get + "GET / HTTP/1.1\r\nConnection: foo, close\r\n\r\n" + get,
      "\6"s + get + "GET / HTTP/1.1\r\nContent-Length: 5, 5\r\nContent-Length: 6\r\n\r\nhello",
      "\7"s + "POST / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\nx" + get,
      "\x8"s + "GET / HTTP/1.1\r\nHost:\r\n folded\r\nX: " + std::string(8000, 'x') + "\r\n\r\n",
      "\x9"s + "GET /" + std::string(9000, 'x'),
      "\xa"s + get + "GET / HTTP/1.1\nHost: x\n\n" + get,
      "\xb"s + "\r\n\r\n" + get + "\r\n" + get,
      "\xc"s + get + "GET / HTTP/1.1\r\nHost: x\r\n\n" + get,
      "\xd"s + get + "GET / HTTP/1.1\r\nHost : x\r\n\r\n" + get,
      "\xe"s + get + "GET / HTTP/1.1\r\n\r\r\n" + get,
      "\xf"s + get + "\r" + get,
      "\x10"s + get + "\n" + get,
      "\x11"s + get + "nonsense\r\n\r\n" + get,
      "\x12"s + get + "nonsense\r\nwithout end",
      "\x13"s + "GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + get,
      "\x14"s + chunked + "5\r\nhello0\r\n\r\n" + get,
      "\x15"s + chunked + "5\nhello\r\n0\r\n\r\n" + get,
      "\x16"s + chunked + "5\r\nhello\r\n0\r\nTrail",
      "\x17"s + "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello" + get};
}
