// Promise: any slicing of a text, beside the output or in one buffer with it, is converted to what
// the contract says; and a text that is converted stays as it is.

#include <algorithm>
#include <random>

#include "bytes.h"
#include "finger/server/protocol/crlf.h"
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

std::string convert_in_place(const tests::Slices& slices) {
  CrlfConverter converter;
  std::string converted;
  for (const auto slice : slices) {
    common::Bytes buffer(CrlfConverter::growth_max * slice.size() + 1);
    const auto spare = CrlfConverter::spare_part(buffer);
    std::ranges::copy(tests::bytes(slice), spare.begin());
    std::size_t size = converter.convert(spare, buffer);
    const bool last = slice.data() == slices.back().data();
    if (last) size += converter.finish(std::span(buffer).subspan(size));
    converted += tests::text(common::ByteView(buffer).first(size));
  }
  return converted;
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
  const auto [slicing, text] = tests::fuzz_input(data, size);
  const auto expected = by_the_contract(text);
  std::mt19937 random(slicing);
  for (const auto& slices :
       {tests::whole(text), tests::byte_by_byte(text), tests::cut_at_random(text, random, 5),
        tests::cut_at_random(text, random, 500)}) {
    tests::expect_same(convert(slices), expected, "in slices");
    tests::expect_same(convert_in_place(slices), expected, "in slices of one buffer");
  }
  tests::expect_same(convert({expected}), expected, "a second time");
  return 0;
}

std::vector<std::string> tests::seeds() {
  using namespace std::string_literals;
  return {"\0one\ntwo\n"s,
          "\1one\r\ntwo\r\n"s,
          "\2a\r\n\nb\rc\r\r\n\n\r"s,
          "\3no end"s,
          "\4"s + std::string(700, '\n'),
          "\5"s + std::string(300, 'x') + "\r" + std::string(300, '\r') + "\n",
          "\6"s};
}
