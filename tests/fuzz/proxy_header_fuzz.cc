// Promise: any slicing of any bytes gives the same header, no longer than the protocol allows, and
// leaves the bytes after it alone.

#include "bytes.h"
#include "finger/proxy/header.h"
#include "slices.h"
#include "target.h"

namespace {

using finger::ProxyHeader;
using tests::require;

struct Outcome {
  bool complete = false;
  std::size_t header_bytes = 0;
  std::string client;
  bool is_check = false;
  std::error_code error;

  bool operator==(const Outcome&) const = default;
};

Outcome read_slices(const tests::Slices& slices) {
  ProxyHeader header;
  Outcome outcome;
  for (const auto slice : slices) {
    const std::string received(slice);  // a copy: the sanitizer notices a view that goes too far
    const auto taken = header.take(tests::bytes(received));
    if (!taken) {
      outcome = {};  // the bytes taken before the error depend on the slices
      outcome.error = taken.error();
      return outcome;
    }
    require(*taken == received.size() || header.complete());
    outcome.header_bytes += *taken;
    if (header.complete()) break;
  }
  require(outcome.header_bytes <= ProxyHeader::bytes_max);
  outcome.complete = header.complete();
  outcome.is_check = header.is_check();
  if (outcome.complete && header.client()) outcome.client = header.client()->to_string();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = tests::fuzz_input(data, size);
  const auto expected = read_slices(tests::whole(input.stream));
  if (expected.complete && input.stream.starts_with("PROXY")) {
    require(expected.header_bytes <= ProxyHeader::line_bytes_max);
    require(input.stream.substr(0, expected.header_bytes).ends_with("\r\n"));
  }
  tests::expect_same_in_slices(read_slices, input, expected);
  return 0;
}

std::vector<std::string> tests::seeds() {
  using namespace std::string_literals;
  const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
  return {"\0PROXY TCP4 192.0.2.7 203.0.113.1 50412 79\r\nalice\r\n"s,
          "\1PROXY TCP6 2001:db8::7 2001:db8::1 50412 79\r\n"s,
          "\2PROXY UNKNOWN\r\nalice\r\n"s,
          "\3PROXY UNKNOWN "s + std::string(93, 'x'),
          "\4"s + signature + "\x21\x11\0\x0C\xC0\0\2\7\xCB\0\x71\1\xC4\xEC\0\x4F"s + "alice\r\n",
          "\5"s + signature + "\x21\x21\0\x24"s + std::string(36, '\1'),
          "\6"s + signature + "\x21\x31\0\xD8"s + std::string(216, '/'),
          "\7"s + signature + "\x20\0\0\0"s,
          "\x8"s + signature + "\x21\x11\2\x8"s + std::string(520, '\n'),
          "\x8"s + signature + "\x21\x11\x1F\xF0"s + std::string(8176, '\r') + "alice",
          "\x9"s + signature + "\x21\x11\xFF\xFF"s};
}
