// How CrlfConverter uses its memory. tests/finger checks the text that comes out.
#include "finger/protocol/crlf.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "bytes.h"

// The linker's --wrap gives these names: calls of memmove come to `wrapped`, and libc's is `real`.
void* real(void* to, const void* from, std::size_t bytes) asm("__real_memmove");
void* wrapped(void* to, const void* from, std::size_t bytes) asm("__wrap_memmove");

namespace {

std::size_t bytes_moved = 0;  // counts all calls of memmove in this program

}  // namespace

void* wrapped(void* to, const void* from, std::size_t bytes) {
  bytes_moved += bytes;
  return real(to, from, bytes);
}

namespace {

using finger::CrlfConverter;

// The output needs room for two bytes for each byte that is read, and for an end of two bytes after
// the last. That's 2n + 1 at most: either the last byte is a line feed, so no end follows, or it
// stays a single byte.
TEST(CrlfConverter, TheSparePartIsAsLargeAsItCanBe) {
  for (std::size_t buffer_bytes = 1; buffer_bytes < 100; ++buffer_bytes) {
    common::Bytes buffer(buffer_bytes);
    const auto spare = CrlfConverter::spare_part(buffer);
    EXPECT_LE(2 * spare.size() + 1, buffer_bytes);
    EXPECT_GT(2 * (spare.size() + 1) + 1, buffer_bytes);
    EXPECT_EQ(spare.data() + spare.size(), buffer.data() + buffer.size());
  }
}

TEST(CrlfConverterDeathTest, NeedsRoomForTwiceAsMuch) {
  CrlfConverter converter;
  common::Bytes out(3);
  EXPECT_DEATH((void)converter.convert(tests::bytes("ab"), out), "out.size");
}

TEST(CrlfConverterDeathTest, NeedsTheSpareHalfIfItReadsWhereItWrites) {
  CrlfConverter converter;
  common::Bytes buffer(100, std::byte{'\n'});
  const auto beginning = common::ByteView(buffer).first(50);
  EXPECT_DEATH((void)converter.convert(beginning, buffer), "keeps_ahead");
}

/// Returns how many bytes are moved to convert `lines` of these lines.
std::size_t moved_for(std::string_view line, std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) text += line;
  common::Bytes out(CrlfConverter::growth_max * text.size());
  CrlfConverter converter;
  const std::size_t before = bytes_moved;
  (void)converter.convert(tests::bytes(text), out);
  return bytes_moved - before;
}

// If the converter inserted each CR in its place, everything after it would move: 50 million bytes
// for ten thousand empty lines. A clock can't tell that from a busy machine, so we count the bytes.
TEST(CrlfConverter, MovesEachByteAtMostOnce) {
  constexpr std::size_t lines = 10'000;
  EXPECT_EQ(moved_for("x", lines), lines) << "memmove is not counted";
  for (const std::string_view line : {"\n", "\r\n", "x\n", "a line\n", "a line\r\n"}) {
    EXPECT_LE(moved_for(line, lines), lines * line.size()) << testing::PrintToString(line);
  }
}

}  // namespace
