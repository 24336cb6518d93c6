// Promise: any slicing of a text, beside the output or in one buffer with it, is converted to what
// the contract says; and a text that is converted stays as it is.

#include <algorithm>

#include "bytes.h"
#include "finger/protocol/crlf.h"
#include "slices.h"
#include "target.h"

namespace {

using finger::CrlfConverter;

std::string convert(const tests::Slices& slices) {
  CrlfConverter converter;
  std::string converted;
  for (const auto slice : slices) {
    const std::string in(slice);  // blocks of their own: what goes too far is noticed
    common::Bytes out(CrlfConverter::growth_max * in.size());
    const std::size_t size = converter.convert(tests::bytes(in), out);
    converted += tests::text(common::ByteView(out).first(size));
  }
  common::Bytes out(2);
  return converted + tests::text(common::ByteView(out).first(converter.finish(out)));
}

/// Each slice as the daemon has it: read into the spare part of a buffer, converted to the whole.
std::string convert_in_place(std::size_t buffer_bytes, std::string_view text) {
  CrlfConverter converter;
  std::string converted;
  common::Bytes buffer(buffer_bytes);
  const auto spare = CrlfConverter::spare_part(buffer);
  while (true) {
    const auto read = spare.first(std::min(spare.size(), text.size()));
    std::ranges::copy(tests::bytes(text.substr(0, read.size())), read.begin());
    text.remove_prefix(read.size());
    std::size_t size = converter.convert(read, buffer);
    if (text.empty()) size += converter.finish(std::span(buffer).subspan(size));
    converted += tests::text(common::ByteView(buffer).first(size));
    if (text.empty()) return converted;
  }
}

std::string by_the_contract(std::string_view text) {
  std::string converted;
  for (const char byte : text) {
    if (byte == '\n' && !converted.ends_with('\r')) converted += '\r';
    converted += byte;
  }
  if (!converted.empty() && !converted.ends_with('\n')) converted += "\r\n";
  return converted;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = tests::fuzz_input(data, size);
  const auto expected = by_the_contract(input.stream);
  tests::expect_same(convert(tests::whole(input.stream)), expected, "in one piece");
  tests::expect_same_in_slices(convert, input, expected);
  for (const std::size_t buffer_bytes : {3U + input.slicing, 1021U, 16'384U}) {
    tests::expect_same(convert_in_place(buffer_bytes, input.stream), expected, "in one buffer");
  }
  tests::expect_same(convert({expected}), expected, "a second time");
  return 0;
}

std::vector<std::string> tests::seeds() {
  using namespace std::string_literals;
  std::vector<std::string> seeds = {
      "\0one\ntwo\n"s,
      "\1one\r\ntwo\r\n"s,
      "\2a\r\n\nb\rc\r\r\n\n\r"s,
      "\3no end"s,
      "\4"s + std::string(700, '\n'),
      "\5"s + std::string(300, 'x') + "\r" + std::string(300, '\r') + "\n",
      "\6"s,
      "\7\n\r\na\r\n\nb\rc\r\r\n\r\r\n\n\rd\ne"s};
  constexpr std::string_view letters = "a\r\n";
  for (unsigned number = 0; number < 3 * 3 * 3 * 3 * 3; ++number) {  // every text of five of them
    std::string& text = seeds.emplace_back("\0"s);
    for (unsigned rest = number; text.size() < 6; rest /= 3) text += letters[rest % 3];
  }
  std::string& all = seeds.emplace_back("\0"s);
  for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
  return seeds;
}
