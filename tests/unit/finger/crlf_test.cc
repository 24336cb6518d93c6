#include "finger/server/protocol/crlf.h"

#include <gmock/gmock.h>

#include <random>
#include <string>

#include "bytes.h"
#include "slices.h"

namespace {

using finger::CrlfConverter;
using tests::Slices;
using namespace std::string_literals;

/// Each slice into a block of its own and of the least size, where a sanitizer sees what goes
/// beyond.
std::string convert(const Slices& slices) {
  CrlfConverter converter;
  std::string converted;
  for (const auto slice : slices) {
    const std::string in(slice);
    common::Bytes out(2 * in.size());
    const std::size_t size = converter.convert(tests::bytes(in), out);
    converted += tests::text(common::ByteView(out).first(size));
  }
  common::Bytes out(2);
  return converted + tests::text(common::ByteView(out).first(converter.finish(out)));
}

std::string convert(std::string_view text) { return convert(tests::whole(text)); }

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

/// What the contract says, written without regard to anything else.
std::string by_the_contract(std::string_view text) {
  std::string converted;
  for (const char byte : text) {
    if (byte == '\n' && !converted.ends_with('\r')) converted += '\r';
    converted += byte;
  }
  if (!converted.empty() && !converted.ends_with('\n')) converted += "\r\n";
  return converted;
}

TEST(CrlfConverter, MakesNothingOutOfNothing) {
  EXPECT_EQ(convert(""), "");
  EXPECT_EQ(convert({"", "", ""}), "");
  EXPECT_EQ(convert_in_place(64, ""), "");
}

TEST(CrlfConverter, KnowsWhetherAnythingCame) {
  CrlfConverter converter;
  common::Bytes out(4);
  EXPECT_TRUE(converter.empty());
  EXPECT_EQ(converter.convert({}, out), 0U);
  EXPECT_TRUE(converter.empty());
  EXPECT_EQ(converter.convert(tests::bytes("\n"), out), 2U);
  EXPECT_FALSE(converter.empty());
}

TEST(CrlfConverter, KeepsEveryOtherByte) {
  std::string text;
  for (int value = 0; value < 256; ++value) {
    if (value != '\n') text += static_cast<char>(value);
  }
  EXPECT_EQ(convert(text), text + "\r\n");
}

const std::string mixed_ends = "\n\r\na\r\n\nb\rc\r\r\n\r\r\n\n\rd\ne";

TEST(CrlfConverter, ConvertsTheSameWhereverATextIsCutInThree) {
  for (std::size_t end = 0; end <= mixed_ends.size(); ++end) {
    const auto text = std::string_view(mixed_ends).substr(0, end);
    const auto expected = by_the_contract(text);
    for (std::size_t first = 0; first <= end; ++first) {
      for (std::size_t second = first; second <= end; ++second) {
        ASSERT_EQ(convert({text.substr(0, first), text.substr(first, second - first),
                           text.substr(second)}),
                  expected)
            << "of " << end << " bytes, cut at " << first << " and " << second;
      }
    }
  }
}

TEST(CrlfConverter, ConvertsEveryShortTextAsTheContractSays) {
  constexpr std::string_view letters = "a\r\n";
  for (unsigned number = 0; number < 3 * 3 * 3 * 3 * 3 * 3 * 3; ++number) {
    std::string text;
    for (unsigned rest = number; text.size() < 7; rest /= 3) text += letters[rest % 3];
    const auto expected = by_the_contract(text);
    ASSERT_EQ(convert(text), expected) << testing::PrintToString(text);
    ASSERT_EQ(convert(tests::byte_by_byte(text)), expected) << testing::PrintToString(text);
    for (const std::size_t buffer_bytes : {3U, 4U, 5U, 6U, 9U, 15U, 16U}) {
      ASSERT_EQ(convert_in_place(buffer_bytes, text), expected)
          << testing::PrintToString(text) << " in " << buffer_bytes;
    }
  }
}

TEST(CrlfConverter, OverwritesNothingUnreadInTheWorstCase) {
  // Nothing but line feeds: the writer is as close to the reader as it can come.
  for (std::size_t buffer_bytes = 3; buffer_bytes < 300; ++buffer_bytes) {
    const std::string text(500, '\n');
    ASSERT_EQ(convert_in_place(buffer_bytes, text), by_the_contract(text)) << buffer_bytes;
    ASSERT_EQ(convert_in_place(buffer_bytes, text + "a"), by_the_contract(text + "a"));
  }
}

TEST(CrlfConverter, ConvertsALongTextInPlace) {
  std::mt19937 random(79);
  std::string text;
  while (text.size() < 1'000'000) {
    text += std::string(random() % 100, 'x');
    text += std::array{"\n", "\r\n", "\r", "\n\n", "\r\n\n"}[random() % 5];
  }
  const auto expected = by_the_contract(text);
  for (const std::size_t buffer_bytes : {1021U, 4096U, 16'384U, 65'536U}) {
    EXPECT_TRUE(convert_in_place(buffer_bytes, text) == expected) << buffer_bytes;
  }
}

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

}  // namespace
