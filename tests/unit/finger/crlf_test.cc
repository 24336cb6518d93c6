// What becomes of a text, however it is read: tests/finger.
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

std::size_t bytes_moved = 0;  // by memmove, in this program

}  // namespace

void* wrapped(void* to, const void* from, std::size_t bytes) {
  bytes_moved += bytes;
  return real(to, from, bytes);
}

namespace {

using finger::CrlfConverter;

// What is read has room when each byte becomes two, and an end of two after the last. 2n + 1, and
// not more: the last byte is a line feed's, or it did not become two.
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

/// How many bytes are moved to convert this line as often as here.
std::size_t moved_for(std::string_view line, std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) text += line;
  common::Bytes out(CrlfConverter::growth_max * text.size());
  CrlfConverter converter;
  const std::size_t before = bytes_moved;
  (void)converter.convert(tests::bytes(text), out);
  return bytes_moved - before;
}

// If each CR is inserted where it belongs, everything after it moves: 50 million bytes for ten
// thousand empty lines. A clock does not tell that from a busy machine, so the bytes are counted.
TEST(CrlfConverter, MovesEachByteAtMostOnce) {
  constexpr std::size_t lines = 10'000;
  EXPECT_EQ(moved_for("x", lines), lines) << "memmove is not counted";
  for (const std::string_view line : {"\n", "\r\n", "x\n", "a line\n", "a line\r\n"}) {
    EXPECT_LE(moved_for(line, lines), lines * line.size()) << testing::PrintToString(line);
  }
}

}  // namespace
